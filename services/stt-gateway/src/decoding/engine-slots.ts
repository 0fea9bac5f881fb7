import { CallModel } from './call-model.ts';

/** One call that succeeded. */
export interface MeasuredCall {
  readonly tookMs: number;
  /** Calls in flight while it ran, itself included, averaged over its time. */
  readonly meanInFlight: number;
  /** Something waited when it ended: the limit was what held us back. */
  readonly saturated: boolean;
}

/** Where a gateway begins: one call being decoded, one there when it ends. */
const START_SLOTS = 2;
/** Below this the time between two calls counts, so that one is always kept ready; above, it only buries finals. */
const QUICK_CALL_MS = 200;
/** What n slots must bring over the least number of slots, as a part of the n-fold: an engine that batches brings more. */
const PAY = 0.2;
/** How much of the newest measurement goes into the average. */
const SMOOTHING = 0.2;
/** Experiments that failed in a row make the next one this many rounds rarer, at most. */
const MAX_PATIENCE = 64;

/**
 * How many calls the engine is given at once, found out by measuring.
 *
 * An engine that decodes one after the other takes n times as long for each of n calls: more slots bring nothing, and
 * whatever lies in its own queue is out of reach of our order. One that batches across calls does n in little more than
 * the time of one. So the throughput at each number in flight is measured (Little's law: calls in flight / time of a
 * call), and while there is a queue one more slot is tried per round: it stays while n slots bring at least
 * 1 + PAY (n/least - 1) times the throughput of the least number, else it goes again and the next try is twice as far
 * away. An engine that says it is busy (429, 503) halves the number. A change of its speed seen at one number is taken
 * to hold for all, so that old measurements do not mislead.
 */
export class EngineSlots {
  readonly #max: number;
  #limit: number;
  /** Average time of a call by number in flight; index 0 is unused. */
  readonly #callMs: (number | undefined)[];
  readonly #model = new CallModel();
  #recentMs: number | undefined;
  #round: { readonly perS: number; readonly inFlight: number }[] = [];
  #patience = 1;
  #roundsToWait = 0;

  /** @param max most calls at once: more than a batch of the engine */
  constructor(max: number) {
    this.#max = max;
    this.#limit = Math.min(max, START_SLOTS);
    this.#callMs = Array.from({ length: max + 1 }, () => undefined);
  }

  /** Calls the engine may be given at once, from 1. */
  get limit(): number {
    return this.#limit;
  }

  /** Time of a call as it is now, ms; undefined before the first. */
  get callMs(): number | undefined {
    return this.#recentMs;
  }

  /** Time of a call that has the engine for itself, ms; undefined before the first. */
  get aloneMs(): number | undefined {
    return this.#model.aloneMs;
  }

  /** Calls per second the engine can do, as far as it has shown; undefined before the first. */
  get capacityPerS(): number | undefined {
    return this.#model.capacityPerS(this.#max);
  }

  record({ tookMs, meanInFlight, saturated }: MeasuredCall): void {
    const ms = Math.max(0.1, tookMs);
    this.#model.record(ms, meanInFlight);
    this.#recentMs = mix(this.#recentMs, ms);
    const level = Math.min(this.#max, Math.max(1, Math.round(meanInFlight)));
    const known = this.#callMs[level];
    if (known !== undefined) {
      const factor = 1 + (SMOOTHING / 2) * Math.max(-0.5, Math.min(4, ms / known - 1));
      for (const [other, value] of this.#callMs.entries())
        if (value !== undefined && other !== level) this.#callMs[other] = value * factor;
    }
    this.#callMs[level] = mix(known, ms);
    if (saturated) this.#count((meanInFlight * 1000) / ms, meanInFlight);
  }

  /** The engine refused a call because it is busy. */
  refused(): void {
    this.#move(Math.max(1, Math.floor(this.#limit / 2)));
    this.#failedTry();
  }

  /** A round is long enough for every slot to have been used twice. */
  #count(perS: number, inFlight: number): void {
    this.#round.push({ perS, inFlight });
    if (this.#round.length < Math.max(6, 2 * this.#limit)) return;
    const rate = mean(this.#round.map((call) => call.perS));
    const slots = mean(this.#round.map((call) => call.inFlight));
    this.#round = [];
    if (this.#limit < this.#least) this.#move(this.#least);
    else if (rate < this.#worth(slots)) {
      this.#move(this.#limit - 1);
      this.#failedTry();
    } else if (this.#roundsToWait > 0) this.#roundsToWait -= 1;
    else if (this.#limit < this.#max) this.#move(this.#limit + 1);
    else this.#patience = 1;
  }

  /** Throughput at which so many slots pay. */
  #worth(slots: number): number {
    const least = this.#least;
    const leastMs = this.#callMs[least];
    if (this.#limit <= least || slots < least + 0.5 || leastMs === undefined) return 0;
    return ((least * 1000) / leastMs) * (1 + PAY * (slots / least - 1));
  }

  get #least(): number {
    const oneMs = this.#callMs[1] ?? (this.#callMs[2] ?? 0) / 2;
    return Math.min(this.#max, oneMs < QUICK_CALL_MS ? START_SLOTS : 1);
  }

  #failedTry(): void {
    this.#patience = Math.min(MAX_PATIENCE, this.#patience * 2);
    this.#roundsToWait = this.#patience;
  }

  #move(limit: number): void {
    this.#limit = limit;
    this.#round = [];
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function mix(known: number | undefined, value: number): number {
  return known === undefined ? value : known + SMOOTHING * (value - known);
}
