import { ChildAbort, delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { retryDelayMs, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import type { SourceId } from '../recorder/recording.ts';
import { FrameClock } from './frame-clock.ts';
import { FrameQueue } from './frame-queue.ts';
import type { AudioSource, Frame, SourceHealth } from './source.ts';

const TICK_MS = 100;
/** A device that was unplugged comes back when somebody plugs it in. */
const reopenPolicy: RetryPolicy = { attempts: Infinity, firstDelayMs: 200, factor: 2, maxDelayMs: 3_000, jitter: 0 };

/** A device that gives bytes: what an adapter has to bring. */
export interface Device {
  /** In words, once it is open. */
  readonly label: string;
  /** Resolves when the device gives no more; `null` = asked to. */
  readonly gone: Promise<AppError | null>;
  close(): Promise<void>;
}

export interface DeviceOpener {
  /**
   * Opens the device; `onBytes` takes little-endian samples of 16 bits, 16 kHz, mono.
   * @throws AppError naming the fix
   */
  open(onBytes: (bytes: Buffer) => void, signal: AbortSignal): Promise<Device>;
  playing(signal: AbortSignal): Promise<boolean | null>;
  /** The device gives nothing while nothing plays: silence stands in, from the start. */
  readonly fills: boolean;
  /** A device that has given nothing for so long hangs, ms. */
  readonly stalledAfterMs: number;
}

/** An {@link AudioSource} out of any {@link DeviceOpener}: times, filling, opening again are the same for all of them. */
export class CapturedDevice implements AudioSource {
  readonly id: SourceId;
  readonly #opener: DeviceOpener;
  readonly #now: () => number;
  readonly #queue = new FrameQueue();
  #label = '';
  #state: SourceHealth['state'] = 'opening';
  #problem: string | null = null;
  #real = 0;
  #filled = 0;
  #reopened = 0;

  constructor(id: SourceId, opener: DeviceOpener, now: () => number = Date.now) {
    this.id = id;
    this.#opener = opener;
    this.#now = now;
  }

  describe(): string {
    return this.#label;
  }

  playing(signal: AbortSignal): Promise<boolean | null> {
    return this.#opener.playing(signal);
  }

  get health(): SourceHealth {
    return {
      state: this.#state,
      realFrames: this.#real,
      filledFrames: this.#filled,
      reopened: this.#reopened,
      droppedFrames: this.#queue.dropped,
      problem: this.#problem,
    };
  }

  async *open(signal: AbortSignal): AsyncIterable<Frame> {
    // A reader that goes away ends the capture too.
    using reading = new ChildAbort(signal);
    const running = this.#run(reading.signal).then(
      () => this.#queue.end(),
      (error: unknown) => this.#queue.end(signal.aborted ? undefined : error),
    );
    try {
      yield* this.#queue.read();
    } finally {
      reading.abort();
      await running;
      this.#state = 'closed';
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    for (let first = true; !signal.aborted;) {
      try {
        const problem = await this.#capture(signal, () => {
          if (!first) this.#reopened += 1;
          first = false;
          failures = 0;
        });
        if (signal.aborted) return;
        this.#away(problem);
      } catch (error) {
        if (first || signal.aborted) throw error;
        this.#away(error);
      }
      failures += 1;
      await delay(retryDelayMs(reopenPolicy, failures), signal);
    }
  }

  #away(problem: unknown): void {
    this.#state = 'away';
    this.#problem = problem instanceof AppError ? problem.message : 'the device gives nothing';
  }

  /** One opening of the device, until it is gone. */
  async #capture(signal: AbortSignal, onOpen: () => void): Promise<AppError | null> {
    const clock = new FrameClock({
      now: this.#now,
      fills: this.#opener.fills,
      stalledAfterMs: this.#opener.stalledAfterMs,
    });
    const stalled = Promise.withResolvers<AppError>();
    const device = await this.#opener.open((bytes) => this.#take(clock.push(bytes)), signal);
    this.#label = device.label;
    this.#state = 'capturing';
    this.#problem = null;
    onOpen();
    if (this.#opener.fills) clock.start();
    const timer = setInterval(() => {
      const frames = clock.tick();
      if (frames === 'stalled')
        stalled.resolve(new AppError('unavailable', 'The sound device has stopped giving sound.'));
      else this.#take(frames);
    }, TICK_MS);
    const aborted = Promise.withResolvers<null>();
    const onAbort = (): void => aborted.resolve(null);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([device.gone, stalled.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      clearInterval(timer);
      await device.close();
    }
  }

  #take(frames: readonly Frame[]): void {
    for (const { filled } of frames) {
      if (filled) this.#filled += 1;
      else this.#real += 1;
    }
    this.#queue.push(frames);
  }
}
