interface Anchor {
  readonly sample: number;
  readonly atMs: number;
}

/** What a stream of samples needs of a clock. */
export interface StreamClock {
  /** Samples seen so far. */
  readonly samples: number;
  /** Notes that `count` samples ended at `nowMs` (ms since epoch). */
  push(count: number, nowMs: number): void;
  /** ms since epoch at which the sample was spoken, as near as arrival tells. */
  timeOf(sample: number): number;
}

/**
 * Wall time of samples of a stream. Samples count what arrived; when a microphone pauses, samples stop and time does not, so
 * the clock is set anew at every gap.
 */
export class SampleClock implements StreamClock {
  /** Oldest anchors are dropped: only the last minutes are ever asked for. */
  static readonly MAX_ANCHORS = 64;
  /** Arrival jitter below this is not a gap. */
  static readonly GAP_MS = 250;

  readonly #rateHz: number;
  readonly #anchors: Anchor[] = [];
  #samples = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  /** Samples seen so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Notes that `count` samples ended at `nowMs` (ms since epoch). */
  push(count: number, nowMs: number): void {
    const startedAtMs = nowMs - (count * 1000) / this.#rateHz;
    const expectedMs = this.#anchors.length > 0 ? this.timeOf(this.#samples) : undefined;
    if (expectedMs === undefined || startedAtMs - expectedMs > SampleClock.GAP_MS) {
      this.#anchors.push({ sample: this.#samples, atMs: startedAtMs });
      if (this.#anchors.length > SampleClock.MAX_ANCHORS) this.#anchors.shift();
    }
    this.#samples += count;
  }

  /** ms since epoch at which the sample was spoken, as near as arrival tells. */
  timeOf(sample: number): number {
    const anchor = this.#anchors.findLast((candidate) => candidate.sample <= sample) ?? this.#anchors[0];
    if (!anchor) return 0;
    return anchor.atMs + ((sample - anchor.sample) * 1000) / this.#rateHz;
  }
}
