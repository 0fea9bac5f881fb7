import type { EngineCapacity } from '../engines/engine.ts';

/** Where a gateway begins: one call being decoded, one there when it ends. */
const START_SLOTS = 2;
/** Below this the time between two calls counts, so that one is always kept ready; above, it only buries finals. */
const QUICK_CALL_MS = 200;
/** What n slots must bring over the least number of slots, as a part of the n-fold: an engine that batches brings more. */
const PAY = 0.2;
/** How much of the newest call, or round, goes into an average. */
const SMOOTHING = 0.2;
/** Experiments that failed make the next one this many rounds rarer, at most. */
const MAX_PATIENCE = 64;
/** How fast the best of what was shown is forgotten, per call. */
const FORGETTING = 0.005;
/** The next call follows within this, else there was nothing to do, ms. */
const IDLE_MS = 10;
/** Before so many calls nothing is certain. */
const FIRST_CALLS = 20;
/** Time with calls in flight over which throughput is measured, ms. */
const MEMORY_MS = 5_000;

/** What an engine says of itself it reaches under a steady load of ready work. Speech is not that. */
const STATED_PART = 0.8;
/** After a refusal: calls that succeed before one more is tried at once. */
const CALLS_TO_RECOVER = 20;

/** How a call ended. */
export interface EndedCall {
  readonly tookMs: number;
  /** It was answered: not cancelled, not refused. */
  readonly succeeded: boolean;
  /** Something waits for a slot now. */
  readonly waiting: boolean;
  /** No other call was in flight when it began, nor when it ended. */
  readonly alone: boolean;
}

/**
 * How many calls the engine is given at once, and how many it can do per second: by its own account, which is believed
 * until it is busy and does less, else found out by measuring.
 *
 * An engine that decodes one after the other takes n times as long for each of n calls: more slots bring nothing, and
 * whatever lies in its own queue is out of reach of our order. One that batches across calls does n in little more than
 * the time of one. So while something waits all the time the throughput at each number of slots is measured, and one slot
 * more is tried per round: it stays while n slots bring at least 1 + PAY (n/least - 1) times the throughput of the least
 * number, else it goes again and the next try is twice as far away. An engine that says it is busy (429, 503) halves the
 * number.
 *
 * Capacity is calls per second of time with calls in flight. Of an engine that decodes one after the other that is all of
 * it at once; of one that batches it grows with what it has been given, so it is never more than has been shown. It goes
 * down at once only when something waits all the time: less work is not less capacity.
 */
export class EngineSlots {
  readonly #max: number;
  readonly #stated: () => EngineCapacity | undefined;
  /** The most since the last refusal. */
  #ceiling: number;
  #sinceRefusal = 0;
  #limit: number;
  #callMs: number | undefined;
  #leastMs: number | undefined;
  /** Throughput while something waited all the time, by number of slots. */
  readonly #perS: (number | undefined)[] = [];
  /** Of the present round: calls ended and the time that took. */
  #roundCalls = 0;
  #roundMs = 0;
  #patience = 1;
  #roundsToWait = 0;
  #running = 0;
  /** When the last call began or ended, and whether something waited then. */
  #atMs = 0;
  #waited = false;
  /** Decaying sums over the time with calls in flight. */
  #recentCalls = 0;
  #recentMs = 0;
  #capacityPerS: number | undefined;
  #aloneMs: number | undefined;
  /** What it did while something waited all the time, of late. */
  #saturatedPerS: number | undefined;
  #saturatedCalls = 0;
  #calls = 0;

  /**
   * @param max most calls at once: more than a batch of the engine
   * @param stated what the engine in use says of itself
   */
  constructor(max: number, stated: () => EngineCapacity | undefined = () => undefined) {
    this.#max = max;
    this.#stated = stated;
    this.#ceiling = max;
    this.#limit = Math.min(max, START_SLOTS);
  }

  /** Calls the engine may be given at once, from 1. */
  get limit(): number {
    const stated = this.#stated();
    return stated ? Math.max(1, Math.min(this.#ceiling, stated.callsAtOnce)) : this.#limit;
  }

  /** Time of a call as it is now, ms; undefined before the first. */
  get callMs(): number | undefined {
    return this.#callMs;
  }

  /** Time of a call that has the engine for itself, ms; undefined before the first. */
  get aloneMs(): number | undefined {
    return this.#aloneMs ?? this.#leastMs;
  }

  /** Calls per second the engine can do; undefined while nothing is known. */
  get capacityPerS(): number | undefined {
    const stated = this.#stated();
    if (!stated) return this.#capacityPerS;
    const alone = this.aloneMs;
    const perS = stated.callsPerS ?? (alone === undefined ? undefined : (stated.callsAtOnce * 1000) / alone);
    if (perS === undefined) return undefined;
    return Math.min(STATED_PART * perS, this.#saturatedPerS ?? Infinity);
  }

  /** A call begins. @param nowMs clock, ms */
  started(nowMs: number): void {
    this.#pass(nowMs);
    this.#running += 1;
  }

  /** A call has ended. @param nowMs clock, ms */
  ended(nowMs: number, { tookMs, succeeded, waiting, alone }: EndedCall): void {
    const sinceMs = this.#pass(nowMs);
    const saturated = this.#waited && waiting;
    this.#waited = waiting;
    this.#running -= 1;
    if (saturated) this.#roundMs += sinceMs;
    if (!succeeded) return;
    this.#recentCalls += 1;
    this.#callMs = mix(this.#callMs, tookMs);
    // The quickest is nearest to what one alone takes.
    const known = this.#leastMs ?? tookMs;
    this.#leastMs = Math.min(tookMs, known + FORGETTING * (tookMs - known));
    if (alone) this.#aloneMs = mix(this.#aloneMs, tookMs);
    this.#learnCapacity(saturated);
    this.#recover();
    if (saturated) this.#countRound();
  }

  /** The engine refused a call because it is busy. */
  refused(): void {
    this.#ceiling = Math.max(1, Math.floor(this.limit / 2));
    this.#sinceRefusal = 0;
    this.#move(Math.max(1, Math.floor(this.#limit / 2)));
    this.#failedTry();
  }

  #recover(): void {
    this.#sinceRefusal += 1;
    if (this.#ceiling >= this.#max || this.#sinceRefusal < CALLS_TO_RECOVER) return;
    this.#ceiling += 1;
    this.#sinceRefusal = 0;
  }

  /** @returns ms since the last begin or end of a call */
  #pass(nowMs: number): number {
    const sinceMs = nowMs - this.#atMs;
    this.#atMs = nowMs;
    if (this.#running === 0) {
      if (sinceMs > IDLE_MS) this.#waited = false;
      return sinceMs;
    }
    const kept = Math.exp(-sinceMs / MEMORY_MS);
    this.#recentCalls *= kept;
    this.#recentMs = this.#recentMs * kept + sinceMs;
    return sinceMs;
  }

  #learnCapacity(saturated: boolean): void {
    this.#calls += 1;
    const perS = (this.#recentCalls * 1000) / Math.max(0.1, this.#recentMs);
    const known = this.#capacityPerS ?? perS;
    const certain = saturated || perS > known || this.#calls < FIRST_CALLS;
    this.#capacityPerS = known + (certain ? SMOOTHING : FORGETTING) * (perS - known);
    this.#saturatedCalls = saturated ? this.#saturatedCalls + 1 : 0;
    if (this.#saturatedCalls >= FIRST_CALLS) this.#saturatedPerS = mix(this.#saturatedPerS, perS);
    else if (!saturated) this.#saturatedPerS = undefined;
  }

  /** A round is long enough for every slot to have been used twice. */
  #countRound(): void {
    this.#roundCalls += 1;
    if (this.#roundCalls < Math.max(6, 2 * this.#limit) || this.#roundMs <= 0) return;
    const limit = this.#limit;
    const perS = mix(this.#perS[limit], (this.#roundCalls * 1000) / this.#roundMs);
    this.#perS[limit] = perS;
    this.#roundCalls = 0;
    this.#roundMs = 0;
    const least = this.#least;
    const base = this.#perS[least];
    if (limit > least && (base === undefined || perS < base * (1 + PAY * (limit / least - 1)))) {
      this.#move(limit - 1);
      this.#failedTry();
    } else if (limit < least) this.#move(least);
    else if (this.#roundsToWait > 0) this.#roundsToWait -= 1;
    else if (limit < this.#max) this.#move(limit + 1);
    else this.#patience = 1;
  }

  get #least(): number {
    return Math.min(this.#max, (this.#leastMs ?? 0) < QUICK_CALL_MS ? START_SLOTS : 1);
  }

  #failedTry(): void {
    this.#patience = Math.min(MAX_PATIENCE, this.#patience * 2);
    this.#roundsToWait = this.#patience;
  }

  #move(limit: number): void {
    this.#limit = limit;
    // What was measured with more slots a while ago is of another day.
    this.#perS.length = Math.min(this.#perS.length, limit + 1);
    this.#roundCalls = 0;
    this.#roundMs = 0;
  }
}

function mix(known: number | undefined, value: number): number {
  return known === undefined ? value : known + SMOOTHING * (value - known);
}
