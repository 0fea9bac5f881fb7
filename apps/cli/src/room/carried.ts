import type { Interval } from '@eloquence/shared/runtime/spans';

const JOIN_MS = 150;
const REMEMBER_MS = 900_000;

/** Stretches of time, put together as they grow. Drop policy: what is older than 15 minutes is forgotten. */
export class Carried {
  #intervals: { start_ms: number; end_ms: number }[] = [];

  add(startMs: number, endMs: number): void {
    const last = this.#intervals.at(-1);
    if (last && startMs - last.end_ms <= JOIN_MS && startMs >= last.start_ms)
      last.end_ms = Math.max(last.end_ms, endMs);
    else this.#intervals.push({ start_ms: startMs, end_ms: endMs });
    const first = this.#intervals[0];
    if (first && first.end_ms < endMs - REMEMBER_MS) this.#intervals.shift();
  }

  get intervals(): readonly Interval[] {
    return this.#intervals;
  }
}
