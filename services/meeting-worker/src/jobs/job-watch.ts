import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { JobQueue } from './job-queue.ts';
import type { JobWorker } from './job-worker.ts';

export interface JobWatchOptions {
  readonly queue: Pick<JobQueue, 'due'>;
  readonly worker: Pick<JobWorker, 'run' | 'progress'>;
  /** Default {@link LOOK_MS}. */
  readonly lookMs?: number | undefined;
}

const LOOK_MS = 5_000;
/** Looks in a row, not time: a process that was frozen has missed nothing. */
const NOT_READY_LOOKS = 3;
const DEAD_LOOKS = 12;

/** Runs a job worker and sees to it that it works: a dead one must not look alive. */
export class JobWatch {
  readonly #options: JobWatchOptions;
  #idleLooks = 0;

  constructor(options: JobWatchOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the worker was stopped.
   *
   * @throws AppError `internal` when its loop has ended, or for a minute takes none of the jobs that are due though it could. Nothing but a new
   * process helps then.
   */
  async run(): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.#options.worker.run(), this.#watch(over.signal)]).finally(() => over.abort());
  }

  /** For readiness. @throws Error while jobs lie there that should have been taken */
  check(): void {
    if (this.#idleLooks >= NOT_READY_LOOKS) throw new Error('jobs are due and none is taken');
  }

  async #watch(signal: AbortSignal): Promise<never> {
    const { queue, worker, lookMs = LOOK_MS } = this.#options;
    for (let before = 0; ;) {
      await delay(lookMs, signal);
      // Without Redis nobody could take any.
      const due = await queue.due().catch(() => 0);
      const { taken, isFull } = worker.progress;
      this.#idleLooks = due > 0 && taken === before && !isFull ? this.#idleLooks + 1 : 0;
      if (this.#idleLooks >= DEAD_LOOKS)
        throw new AppError(
          'internal',
          `Of ${due} jobs that are due none is taken: the process ends, to be started anew.`,
        );
      before = taken;
    }
  }
}
