const MINUTE_MS = 60_000;
/** Names counted at once. Drop policy: the one counted longest ago goes and may begin anew. */
const MOST_NAMES = 20_000;

interface Count {
  count: number;
  readonly untilMs: number;
}

/** Requests per minute as this process saw them, for when nobody else can say. A minute begins with a name's first request. */
export class MinuteCounts {
  readonly #counts = new Map<string, Count>();

  add(name: string, nowMs = performance.now()): void {
    const known = this.#counts.get(name);
    const count = known && known.untilMs > nowMs ? known : { count: 0, untilMs: nowMs + MINUTE_MS };
    count.count += 1;
    this.#counts.delete(name);
    this.#counts.set(name, count);
    const [oldest] = this.#counts.size > MOST_NAMES ? this.#counts.keys() : [];
    if (oldest !== undefined) this.#counts.delete(oldest);
  }

  /** How many there were in this minute, and ms until the next one. */
  of(name: string, nowMs = performance.now()): { readonly count: number; readonly freeInMs: number } {
    const known = this.#counts.get(name);
    if (!known || known.untilMs <= nowMs) return { count: 0, freeInMs: 0 };
    return { count: known.count, freeInMs: known.untilMs - nowMs };
  }
}
