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

/** Tenants remembered. Drop policy: who has asked for nothing the longest is forgotten, and has the reserve again. */
const MOST_TENANTS = 1_000;

/** A budget for each tenant, so that none spends that of the others. */
export class RetryBudgets {
  readonly #budgets = new Map<string, RetryBudget>();

  of(tenant: string): RetryBudget {
    const budget = this.#budgets.get(tenant) ?? new RetryBudget();
    this.#budgets.delete(tenant);
    this.#budgets.set(tenant, budget);
    const [oldest] = this.#budgets.keys();
    if (this.#budgets.size > MOST_TENANTS && oldest !== undefined) this.#budgets.delete(oldest);
    return budget;
  }
}
