import type { Service } from '@eloquence/shared/runtime/service';

export interface DrainOptions {
  /** Closing begins: ends what never ends by itself. */
  readonly onClosing: () => void;
  /** Answers are still being written: ends them in a way their readers understand. */
  readonly onLate: () => void;
  /** How long they may take before. */
  readonly drainMs: number;
}

/** How long the last words of what was ended may take to reach their readers. */
const LAST_WORDS_MS = 1_000;

/**
 * Makes closing wait for the answers that are being written, because a session that is half open when its connections go
 * would stay half open; those that take too long are told to end.
 */
export function drainBeforeClosing(server: Service, { onClosing, onLate, drainMs }: DrainOptions): void {
  let active = 0;
  let idle: (() => void) | undefined;
  server.addHook('onRequest', async () => {
    active += 1;
  });
  server.addHook('onResponse', async () => {
    active -= 1;
    if (active === 0) idle?.();
  });
  const waitAtMost = async (ms: number): Promise<void> => {
    if (active === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      idle = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  };
  server.addHook('preClose', async () => {
    onClosing();
    await waitAtMost(drainMs);
    if (active === 0) return;
    onLate();
    await waitAtMost(LAST_WORDS_MS);
  });
}
