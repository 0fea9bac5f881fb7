/** First sounds remembered: enough for a median that one slow answer does not move. */
const MAX_KEPT = 15;

/** How long a provider has taken of late until it was heard. */
export class FirstSounds {
  readonly #latestMs: number[] = [];

  /** @param ms until its first audible sample; of one that was given up earlier, until then */
  learn(ms: number): void {
    this.#latestMs.push(ms);
    if (this.#latestMs.length > MAX_KEPT) this.#latestMs.shift();
  }

  /** Undefined before the first. */
  get medianMs(): number | undefined {
    return this.#latestMs.toSorted((a, b) => a - b)[Math.floor(this.#latestMs.length / 2)];
  }
}
