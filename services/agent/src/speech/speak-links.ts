import { delay } from '@eloquence/shared/runtime/abort';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { reconnectPolicy, retryDelayMs } from '@eloquence/shared/runtime/retry';
import { SpeakLink } from './speak-link.ts';

export interface SpeakLinksOptions {
  readonly url: URL;
  readonly key: string;
  readonly logger: Logger;
}

/** A spare that was open for so long and then closed was closed for its age, not for a fault. */
const FULL_LIFE_MS = 60_000;

/**
 * Links to tts-proxy for the answers of one session. One spare is kept open, so that no answer waits for a connection; an
 * answer that ends well leaves its link as the spare.
 */
export class SpeakLinks {
  readonly #options: SpeakLinksOptions;
  readonly #closing = new AbortController();
  #spare: SpeakLink | undefined;
  #opening = false;

  constructor(options: SpeakLinksOptions) {
    this.#options = options;
  }

  /** Opens a spare unless there is one. */
  prepare(): void {
    if (this.#spare?.usable || this.#opening || this.#closing.signal.aborted) return;
    void this.#open();
  }

  /** A link for an answer. It may still be opening; whoever takes it gives it back, or cuts it and calls `prepare`. */
  take(): SpeakLink {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare?.usable ? spare : this.#create();
  }

  /** Takes back a link that has said all it was given. */
  giveBack(link: SpeakLink): void {
    if (this.#closing.signal.aborted || this.#spare?.usable) link.close();
    else if (link.usable) this.#spare = link;
    else this.prepare();
  }

  /** Lets go of the spare for good. */
  close(): void {
    this.#closing.abort();
    this.#spare?.cut();
    this.#spare = undefined;
  }

  #create(): SpeakLink {
    const { url, key } = this.#options;
    const link = new SpeakLink(url, key);
    const sinceMs = performance.now();
    link.onceClosed(() => {
      if (this.#spare !== link || this.#opening) return;
      this.#spare = undefined;
      // A server that goes away comes back in its own time.
      void this.#open(performance.now() - sinceMs < FULL_LIFE_MS ? 1 : 0);
    });
    return link;
  }

  /** Opens a spare, however often it takes. */
  async #open(failures = 0): Promise<void> {
    const { signal } = this.#closing;
    if (this.#opening) return;
    this.#opening = true;
    for (let failed = failures; !signal.aborted && !this.#spare?.usable; failed += 1) {
      if (failed > 0) await delay(retryDelayMs(reconnectPolicy, failed), signal).catch(() => undefined);
      if (signal.aborted || this.#spare?.usable) break;
      const link = this.#create();
      this.#spare = link;
      // Whoever takes it meanwhile keeps it.
      await link.opened.catch((error: unknown) => {
        if (this.#spare === link) this.#spare = undefined;
        this.#options.logger.debug({ err: error }, 'no connection to tts-proxy is kept ready');
      });
    }
    this.#opening = false;
  }
}
