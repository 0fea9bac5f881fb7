const KEPT = 50;
const SLOW_SHARE = 0.95;

/** The last 50 times something took. Drop policy: the oldest goes. */
export class RecentTimes {
  readonly #times: number[] = [];
  #at = 0;

  /** @param ms how long it took, or how long it was waited for in vain */
  add(ms: number): void {
    this.#times[this.#at] = ms;
    this.#at = (this.#at + 1) % KEPT;
  }

  /** What 95 of 100 took at most, ms; 0 = nothing known. */
  get p95(): number {
    const sorted = this.#times.toSorted((a, b) => a - b);
    return sorted[Math.ceil(sorted.length * SLOW_SHARE) - 1] ?? 0;
  }
}
