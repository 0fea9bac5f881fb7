import { FRAME_MS, type AudioSource, type Frame } from '../capture/source.ts';
import { LevelMeter, type Level } from '../capture/level.ts';
import type { Heard } from '../capture/silence-watch.ts';
import type { SourceId } from './recording.ts';

/** A device that was away for less is not worth a gap in the report. */
const GAP_MS = 1_000;

export interface SourcePumpOptions {
  readonly source: AudioSource;
  readonly isPaused: () => boolean;
  readonly onFrame: (source: SourceId, frame: Frame) => void;
  /** The device gave nothing from then until then, on this machine's clock. */
  readonly onGap: (source: SourceId, startMs: number, endMs: number) => void;
}

/** Moves the frames of one source to where they are needed, and keeps count. */
export class SourcePump {
  readonly #options: SourcePumpOptions;
  readonly #watch = new LevelMeter();
  readonly #screen = new LevelMeter();
  readonly #first = Promise.withResolvers<void>();
  #frames = { real: 0, filled: 0 };
  #seen = { real: 0, filled: 0 };
  #endMs: number | undefined;
  #shown: Level = { peak: 0, rms: 0 };

  constructor(options: SourcePumpOptions) {
    this.#options = options;
    this.#first.promise.catch(() => undefined);
  }

  get source(): AudioSource {
    return this.#options.source;
  }

  /** Resolves with the first frame; rejects when the device does not open. */
  get started(): Promise<void> {
    return this.#first.promise;
  }

  /** Captured while the recording was not paused, s. */
  get totals(): { readonly real_s: number; readonly filled_s: number } {
    return { real_s: (this.#frames.real * FRAME_MS) / 1000, filled_s: (this.#frames.filled * FRAME_MS) / 1000 };
  }

  /** What was heard since the last call. */
  takeHeard(): Heard {
    const heard = {
      ...this.#watch.take(),
      realFrames: this.#frames.real - this.#seen.real,
      filledFrames: this.#frames.filled - this.#seen.filled,
    };
    this.#seen = { ...this.#frames };
    return heard;
  }

  /** How loud it is: falls slowly, so that an eye can follow. */
  takeLevel(): Level {
    const now = this.#screen.take();
    this.#shown = { peak: Math.max(now.peak, this.#shown.peak * 0.8), rms: Math.max(now.rms, this.#shown.rms * 0.6) };
    return this.#shown;
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      for await (const frame of this.#options.source.open(signal)) {
        this.#first.resolve();
        this.#take(frame);
      }
    } catch (error) {
      this.#first.reject(error);
      if (!signal.aborted) throw error;
    }
  }

  #take(frame: Frame): void {
    const { source, isPaused, onFrame, onGap } = this.#options;
    if (isPaused()) {
      this.#endMs = undefined;
      return;
    }
    if (this.#endMs !== undefined && frame.atMs - this.#endMs >= GAP_MS) onGap(source.id, this.#endMs, frame.atMs);
    this.#endMs = frame.atMs + FRAME_MS;
    this.#frames[frame.filled ? 'filled' : 'real'] += 1;
    this.#watch.add(frame.pcm);
    this.#screen.add(frame.pcm);
    onFrame(source.id, frame);
  }
}
