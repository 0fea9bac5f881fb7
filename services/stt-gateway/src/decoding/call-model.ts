/** How much of the newest call goes into the average time. */
const SMOOTHING = 0.2;
/** How much an old call still counts for the slope after each new one: some 30 calls are remembered. */
const MEMORY = 0.97;
/** Variance of the calls in flight from which on the slope can be seen. */
const LEAST_VARIANCE = 0.05;
/** A call so many times longer or shorter than supposed tells of another speed, not of the calls beside it. */
const OTHER_SPEED = 2;
/** What each further call is supposed to add to the time of one before it is known: half of it. */
const SUPPOSED_SLOPE = 0.5;

/**
 * The time of a call to the engine as a function of the calls in flight: `ms (1 + slope (inFlight - 1))`. Slope 1 is an
 * engine that decodes one after the other, 0 one to which more at once is nothing: weighted least squares over recent
 * calls, each in proportion to the speed at its time. While all had the same number in flight it stays what it was.
 */
export class CallModel {
  #ms: number | undefined;
  #slope = SUPPOSED_SLOPE;
  /** Most calls in flight seen. */
  #seen = 1;
  /** Weighted sums over the calls: 1, x = in flight, xx, y = time in proportion, xy. */
  #n = 0;
  #x = 0;
  #xx = 0;
  #y = 0;
  #xy = 0;

  record(tookMs: number, inFlight: number): void {
    this.#seen = Math.max(this.#seen, Math.round(inFlight));
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
    const meanX = this.#x / this.#n;
    const meanY = this.#y / this.#n;
    const variance = this.#xx / this.#n - meanX * meanX;
    if (variance < LEAST_VARIANCE || this.#n < 5) return;
    const perCall = (this.#xy / this.#n - meanX * meanY) / variance;
    const one = meanY - perCall * (meanX - 1);
    this.#slope = one > 0 ? Math.min(1, Math.max(0, perCall / one)) : 1;
  }

  /**
   * Calls per second it can do with up to `slots` at once, undefined before the first. No further than twice the calls in
   * flight that have been seen: nobody knows where its batch ends.
   */
  capacityPerS(slots: number): number | undefined {
    const inFlight = Math.min(slots, 2 * this.#seen);
    return this.#ms && (inFlight * 1000) / (this.#ms * (1 + this.#slope * (inFlight - 1)));
  }
}
