/** Extra calls that one request pays for. */
const SHARE = 0.2;
/** Extra calls saved up for a bad moment, and the most there can be. */
const RESERVE = 10;

/**
 * How many calls failover and continuation may make beyond one per request: in any stretch of time at most 20 % of its
 * requests and 10 more. In an outage the providers that are left get no double load, and their refusals come back at once.
 */
export class RetryBudget {
  #saved = RESERVE;

  /** A request came. */
  earn(): void {
    this.#saved = Math.min(RESERVE, this.#saved + SHARE);
  }

  /** There is one more call. */
  get allows(): boolean {
    // A sum of fifths is never quite whole.
    return this.#saved > 1 - SHARE / 2;
  }

  /** Takes one call; false when there is none. */
  spend(): boolean {
    if (!this.allows) return false;
    this.#saved -= 1;
    return true;
  }
}
