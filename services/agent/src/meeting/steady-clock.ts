import type { Interval } from '@eloquence/shared/runtime/spans';
import type { StreamClock } from '../speech/sample-clock.ts';

interface Anchor {
  readonly sample: number;
  readonly atMs: number;
}

/** Samples that come later than this, and stay late, were not delayed: sound was missing before them. */
const GAP_MS = 250;
/** How long they must stay late. A process that was busy catches up within this. */
const SETTLE_SAMPLES_S = 2;
/** Oldest anchors are dropped: only the last minutes are asked for. */
const MAX_ANCHORS = 64;

/**
 * Wall time of samples of a room's track, which comes evenly for as long as it lasts, silence included. A late arrival is our own
 * delay and must not move the clock, or it would run ahead over hours; an early one shows that the clock was late.
 */
export class SteadyClock implements StreamClock {
  readonly #rateHz: number;
  readonly #anchors: Anchor[] = [];
  #samples = 0;
  #isBroken = false;
  /** Samples that have come late in a row: where they begin and how late the least late was. */
  #late: { readonly from: number; leastMs: number } | undefined;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  get samples(): number {
    return this.#samples;
  }

  push(count: number, nowMs: number): void {
    const startMs = nowMs - this.#msOf(count);
    const last = this.#anchors.at(-1);
    if (!last || this.#isBroken) {
      this.#anchor({ sample: this.#samples, atMs: Math.max(startMs, last ? this.timeOf(this.#samples) : -Infinity) });
      this.#isBroken = false;
      this.#late = undefined;
    } else this.#compare(last, startMs);
    this.#samples += count;
  }

  /** What comes next does not follow on: samples were left out. */
  interrupt(): void {
    this.#isBroken = true;
  }

  timeOf(sample: number): number {
    const anchor = this.#anchors.findLast((candidate) => candidate.sample <= sample) ?? this.#anchors[0];
    return anchor ? anchor.atMs + this.#msOf(sample - anchor.sample) : 0;
  }

  /** Wall times, ms since epoch: when the samples from `from` up to `to` were spoken: one stretch, or several where samples were left out between. */
  stretches(from: number, to: number): Interval[] {
    const cuts = this.#anchors.map(({ sample }) => sample).filter((sample) => sample > from && sample < to);
    const starts = [from, ...cuts];
    return starts.map((start, index) => {
      const startMs = this.timeOf(start);
      return { start_ms: startMs, end_ms: startMs + this.#msOf((starts[index + 1] ?? to) - start) };
    });
  }

  #compare(last: Anchor, startMs: number): void {
    const lateMs = startMs - this.timeOf(this.#samples);
    if (lateMs < 0) {
      // Arrival is never before speech: all of this stretch was spoken earlier than was thought.
      const before = this.#anchors.at(-2);
      const earliest = before ? before.atMs + this.#msOf(last.sample - before.sample) : -Infinity;
      this.#anchors[this.#anchors.length - 1] = { sample: last.sample, atMs: Math.max(earliest, last.atMs + lateMs) };
    }
    if (lateMs <= GAP_MS) {
      this.#late = undefined;
      return;
    }
    this.#late ??= { from: this.#samples, leastMs: lateMs };
    this.#late.leastMs = Math.min(this.#late.leastMs, lateMs);
    if (this.#samples - this.#late.from < SETTLE_SAMPLES_S * this.#rateHz) return;
    const { from, leastMs } = this.#late;
    this.#anchor({ sample: from, atMs: this.timeOf(from) + leastMs });
    this.#late = undefined;
  }

  #anchor(anchor: Anchor): void {
    this.#anchors.push(anchor);
    if (this.#anchors.length > MAX_ANCHORS) this.#anchors.shift();
  }

  #msOf(samples: number): number {
    return (samples * 1000) / this.#rateHz;
  }
}
