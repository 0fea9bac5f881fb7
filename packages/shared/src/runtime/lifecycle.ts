import { ConfigError } from './config.ts';
import type { Logger } from './logger.ts';

interface Step {
  readonly name: string;
  readonly close: () => Promise<unknown> | void;
}

/**
 * What a process has to close, in the reverse order of opening. Each step gets `stepTimeoutMs`; a step that fails or hangs
 * is logged and the rest still runs, so that one dead peer cannot keep data of another from being flushed.
 */
export class Lifecycle {
  readonly #steps: Step[] = [];
  readonly #logger: Logger;
  readonly #stepTimeoutMs: number;
  #closing: Promise<boolean> | undefined;

  constructor(logger: Logger, options: { readonly stepTimeoutMs?: number } = {}) {
    this.#logger = logger;
    this.#stepTimeoutMs = options.stepTimeoutMs ?? 10_000;
  }

  /** Registers how to close something that has just been opened. */
  onClose(name: string, close: Step['close']): void {
    this.#steps.push({ name, close });
  }

  /** Closes everything once; resolves to true when every step succeeded. */
  close(): Promise<boolean> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<boolean> {
    let clean = true;
    for (const step of this.#steps.toReversed()) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`took over ${this.#stepTimeoutMs} ms`)), this.#stepTimeoutMs);
      });
      try {
        await Promise.race([step.close(), timeout]);
      } catch (error) {
        clean = false;
        this.#logger.error({ err: error, step: step.name }, 'closing failed');
      } finally {
        clearTimeout(timer);
      }
    }
    return clean;
  }
}

export interface RunOptions {
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  /** Called on SIGTERM/SIGINT before closing, e.g. to stop taking work. */
  readonly drain?: () => Promise<void>;
}

/** Installs signal handlers: first signal drains and closes, a second one exits at once. Unhandled errors end the process. */
export function handleSignals({ logger, lifecycle, drain }: RunOptions): void {
  let stopping = false;
  const stop = (why: string, exitCode: number) => {
    if (stopping) process.exit(exitCode || 1);
    stopping = true;
    logger.info({ why }, 'stopping');
    Promise.resolve(drain?.())
      .catch((error: unknown) => logger.error({ err: error }, 'draining failed'))
      .then(() => lifecycle.close())
      .then(
        (clean) => process.exit(clean ? exitCode : 1),
        () => process.exit(1),
      );
  };
  process.on('SIGTERM', () => stop('SIGTERM', 0));
  process.on('SIGINT', () => stop('SIGINT', 0));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      stop(event, 1);
    });
  }
}

/** What can be wrong with the address to listen at, by the system's code. */
const LISTEN_FIXES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use: stop what listens there, or set PORT to a free port',
  EADDRNOTAVAIL: 'is no address of this machine: set BIND_ADDRESS to one',
};

/** Runs a service's `main`: settings that cannot be used print their list and exit 2, any other failure is logged and exits 1. */
export function start(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(2);
    }
    const { code, address, port } = (error ?? {}) as { code?: unknown; address?: unknown; port?: unknown };
    const fix = typeof code === 'string' ? LISTEN_FIXES[code] : undefined;
    if (fix) {
      process.stderr.write(`${String(address)}:${String(port)} ${fix}.\n`);
      process.exit(2);
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
}
