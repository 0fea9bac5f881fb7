/** How much of the newest call goes into the average time. */
const SMOOTHING = 0.2;
/** How much an old call still counts for the slope after each new one: some 30 calls are remembered. */
const MEMORY = 0.97;
/** A call so many times longer or shorter than supposed tells of another speed, not of the calls beside it. */
const OTHER_SPEED = 2;
/**
 * What is supposed before it is known: one call after the other. As so many calls seen alone and two at a time; a stream
 * too many cannot be sent away again, one too few comes back in seconds.
 */
const SUPPOSED_ALONE = 3;
const SUPPOSED_PAIRS = 6;
/** Calls at a number in flight that make it more than a chance. */
const SEEN_CALLS = 5;

/**
 * The time of a call to the engine as a function of the calls in flight: `ms (1 + slope (inFlight - 1))`. Slope 1 is an
 * engine that decodes one after the other, 0 one to which more at once is nothing: weighted least squares over recent
 * calls, each in proportion to the speed at its time.
 */
export class CallModel {
  #ms: number | undefined;
  #slope = 1;
  /** Calls by number in flight. */
  readonly #counts: number[] = [];
  /** Weighted sums over the calls: 1, x = in flight, xx, y = time in proportion, xy. */
  #n = 0;
  #x = 0;
  #xx = 0;
  #y = 0;
  #xy = 0;

  /** Time of a call alone, ms; undefined before the first. */
  get aloneMs(): number | undefined {
    return this.#ms;
  }

  record(tookMs: number, inFlight: number): void {
    const level = Math.round(inFlight);
    this.#counts[level] = (this.#counts[level] ?? 0) + 1;
    if (this.#ms !== undefined) this.#learnSlope(tookMs / this.#ms, inFlight);
    const ms = tookMs / (1 + this.#slope * (inFlight - 1));
    this.#ms = this.#ms === undefined ? ms : this.#ms + SMOOTHING * (ms - this.#ms);
  }

  #learnSlope(times: number, inFlight: number): void {
    const supposed = 1 + this.#slope * (inFlight - 1);
    if (times > OTHER_SPEED * supposed || times * OTHER_SPEED < supposed) return;
    this.#n = MEMORY * this.#n + 1;
    this.#x = MEMORY * this.#x + inFlight;
    this.#xx = MEMORY * this.#xx + inFlight * inFlight;
    this.#y = MEMORY * this.#y + times;
    this.#xy = MEMORY * this.#xy + inFlight * times;
    const n = this.#n + SUPPOSED_ALONE + SUPPOSED_PAIRS;
    const meanX = (this.#x + SUPPOSED_ALONE + 2 * SUPPOSED_PAIRS) / n;
    const meanY = (this.#y + SUPPOSED_ALONE + 2 * SUPPOSED_PAIRS) / n;
    const variance = (this.#xx + SUPPOSED_ALONE + 4 * SUPPOSED_PAIRS) / n - meanX * meanX;
    const perCall = ((this.#xy + SUPPOSED_ALONE + 4 * SUPPOSED_PAIRS) / n - meanX * meanY) / variance;
    const one = meanY - perCall * (meanX - 1);
    this.#slope = one > 0 ? Math.min(1, Math.max(0, perCall / one)) : 1;
  }

  /**
   * Calls per second it can do with up to `slots` at once, undefined before the first. No further than twice the calls in
   * flight that have been seen: nobody knows where its batch ends.
   */
  capacityPerS(slots: number): number | undefined {
    const seen = this.#counts.findLastIndex((count) => count >= SEEN_CALLS);
    const inFlight = Math.min(slots, 2 * Math.max(1, seen));
    return this.#ms && (inFlight * 1000) / (this.#ms * (1 + this.#slope * (inFlight - 1)));
  }
}
