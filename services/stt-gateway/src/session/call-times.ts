/** Calls remembered: enough to know how slow the engine is, few enough to notice when it is faster again. */
const REMEMBERED = 4;

/** How long decodes have taken lately, waits included. */
export class CallTimes {
  readonly #lastMs: number[] = [];

  observe(tookMs: number): void {
    this.#lastMs.push(tookMs);
    if (this.#lastMs.length > REMEMBERED) this.#lastMs.shift();
  }

  /** The longest of the last few; undefined while nothing is known. */
  get worstMs(): number | undefined {
    return this.#lastMs.length === 0 ? undefined : Math.max(...this.#lastMs);
  }
}
