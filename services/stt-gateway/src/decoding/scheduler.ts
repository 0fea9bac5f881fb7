import { AppError } from '@eloquence/shared/runtime/errors';

/**
 * What a decode is for, most urgent first. Interims never take the last slot, so a final finds one free.
 * `speculative` is a final decode begun before it is sure that the speaker has finished, `commit` one whose speaker goes
 * on (forced cut, window of a meeting), `file` one nobody listens to while it is spoken.
 */
const KINDS = ['final', 'speculative', 'commit', 'interim', 'file'] as const;
export type DecodeKind = (typeof KINDS)[number];

export interface SchedulerOptions {
  /** Calls to the engine at once. */
  readonly slots: number;
  /** Finals that may wait; one more is refused as `overloaded`: its speaker would wait for minutes. */
  readonly maxWaitingFinals: number;
  /** Speculative decodes and interims that may wait, each; the oldest is dropped, its speaker gets the next one. */
  readonly maxWaitingOthers: number;
  /** A final that waits longer than this turns new streams away. */
  readonly maxFinalWaitMs: number;
}

export interface DecodeJob<T> {
  readonly kind: DecodeKind;
  /** Whose share of the engine it uses up. */
  readonly tenant: string;
  /** Length of the audio, as the measure of that share; seconds. */
  readonly audioS: number;
  /** Takes the job out of the queue, or cancels its call. */
  readonly signal: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<T>;
}

export interface Ticket<T> {
  readonly result: Promise<T>;
  /** The speaker has finished: what was speculative is now waited for. */
  readonly promote: () => void;
}

interface Waiting {
  kind: DecodeKind;
  readonly sinceMs: number;
  readonly start: () => Promise<void>;
  readonly drop: (reason: Error) => void;
}

/** How much of the newest measurement goes into the average call time. */
const SMOOTHING = 0.2;

/** Decides which decode the engine does next. One for the process: all sessions share the engine's slots. */
export class DecodeScheduler {
  readonly #options: SchedulerOptions;
  readonly #now: () => number;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #runningInterims = 0;
  #callMs = 0;

  constructor(options: SchedulerOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  get running(): number {
    return this.#running;
  }

  waiting(kind: DecodeKind): number {
    return this.#waiting.filter((entry) => entry.kind === kind).length;
  }

  /**
   * Queues a decode. The result rejects with the signal's reason when aborted, with an AbortError when dropped by
   * policy, with AppError `overloaded` when a final finds the queue full, else as `run` does.
   */
  submit<T>(job: DecodeJob<T>): Ticket<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const { signal } = job;
    const onAbort = () => {
      this.#remove(entry);
      reject(signal.reason as Error);
    };
    const entry: Waiting = {
      kind: job.kind,
      sinceMs: this.#now(),
      start: async () => {
        signal.removeEventListener('abort', onAbort);
        await job.run(signal).then(resolve, reject);
      },
      drop: (reason) => {
        signal.removeEventListener('abort', onAbort);
        reject(reason);
      },
    };
    if (signal.aborted) reject(signal.reason as Error);
    else {
      signal.addEventListener('abort', onAbort, { once: true });
      this.#enqueue(entry);
    }
    return { result: promise, promote: () => void (entry.kind = 'final') };
  }

  /** Why no new stream should be let in, or undefined. */
  overload(): AppError | undefined {
    const finals = this.#waiting.filter((entry) => entry.kind === 'final');
    const oldestMs = finals[0] ? this.#now() - finals[0].sinceMs : 0;
    const expectedMs = (finals.length * this.#callMs) / this.#options.slots;
    const waitMs = Math.max(oldestMs, expectedMs);
    if (waitMs <= this.#options.maxFinalWaitMs) return undefined;
    return new AppError('overloaded', 'The speech engine is busy. Try again in a few seconds.', {
      retryAfterS: Math.min(30, Math.max(1, Math.ceil(waitMs / 1000))),
    });
  }

  #enqueue(entry: Waiting): void {
    const final = entry.kind === 'final';
    const same = this.#waiting.filter((other) => other.kind === entry.kind);
    if (final && same.length >= this.#options.maxWaitingFinals) {
      entry.drop(new AppError('overloaded', 'The speech engine is busy.', { retryAfterS: 5 }));
      return;
    }
    const oldest = same[0];
    if (!final && oldest && same.length >= this.#options.maxWaitingOthers) {
      this.#remove(oldest);
      oldest.drop(new DOMException('a newer one took its place', 'AbortError'));
    }
    this.#waiting.push(entry);
    this.#next();
  }

  #next(): void {
    while (this.#running < this.#options.slots) {
      const entry = this.#mostUrgent();
      if (!entry) return;
      this.#remove(entry);
      void this.#run(entry);
    }
  }

  #mostUrgent(): Waiting | undefined {
    for (const kind of KINDS) {
      if (kind === 'interim' && this.#runningInterims >= Math.max(1, this.#options.slots - 1)) return undefined;
      const found = this.#waiting.find((entry) => entry.kind === kind);
      if (found) return found;
    }
    return undefined;
  }

  async #run(entry: Waiting): Promise<void> {
    const interim = entry.kind === 'interim' ? 1 : 0;
    const startedMs = this.#now();
    this.#running += 1;
    this.#runningInterims += interim;
    await entry.start();
    this.#running -= 1;
    this.#runningInterims -= interim;
    const tookMs = this.#now() - startedMs;
    this.#callMs = this.#callMs === 0 ? tookMs : this.#callMs + SMOOTHING * (tookMs - this.#callMs);
    this.#next();
  }

  #remove(entry: Waiting): void {
    const index = this.#waiting.indexOf(entry);
    if (index >= 0) this.#waiting.splice(index, 1);
  }
}
