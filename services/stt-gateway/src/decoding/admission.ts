import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { RATE_MEMORY_MS } from './decaying-rate.ts';
import { DEADLINES_MS, type DecodeScheduler } from './scheduler.ts';

export interface AdmissionOptions {
  /** Open streams; one more is refused. */
  readonly maxStreams: number;
  readonly scheduler: DecodeScheduler;
  readonly telemetry: Telemetry;
  /** Clock, ms. */
  readonly now?: () => number;
}

/** Finals per second of a stream that has just come: who comes is about to speak, and a burst must not outrun what is known. */
const EXPECTED_PER_S = 0.4;
/** Silence before an utterance is taken as ended when the client does not say, ms: part of every final's time. */
const USUAL_SILENCE_MS = 300;
/** A final among all who are let in may take so much longer than one alone. */
const WAIT_PART = 0.5;
/** Nobody notices less than this, ms. */
const LEAST_WAIT_MS = 150;
/** The most a final may wait for others, ms: the rest of its deadline is for the call. */
const MOST_WAIT_MS = 1_500;
/** A part of the engine that is never promised: speech comes in bursts. */
const HEADROOM = 0.1;
/** One wait in twenty is so many times the mean, as waits for a server are. */
const TAIL_OF_MEAN = 3;
/** From this part of the wait allowed on, who has more than a fair share gets no more while others want in. */
const FAIR_FROM = 0.6;
/** Who has asked is taken to want in for so long, ms. */
const WANTS_IN_MS = 30_000;
/** Of more tenants than this it is forgotten that they asked. */
const MAX_REMEMBERED_TENANTS = 1_000;

/**
 * Who is let in. A stream is refused when it would make the finals of those who are in wait too long, so that overload
 * is one clear answer at the door and not slowness for everybody.
 *
 * What is predicted is the 95th percentile of the wait of a final for others, with the engine as one server that takes
 * 1/capacity per call (M/D/1, exponential tail): `s / (2 (1 - r)) * ln(20 r)`, r = finals and commits per second times s.
 * Capacity is what the engine says or has shown (EngineSlots), demand what has been asked for of late, and for streams
 * that are new what is usual. A stream comes to a full house when that exceeds half the time of a final alone, when finals
 * of late have waited that long, or when what waits now would take longer than a final's deadline allows. Interims and
 * guesses do not count: they give way first; finals of audio that was poured in do not either (DecodeScheduler).
 *
 * Near that limit the tenant that has more than its fair share of the streams is refused first, as `rate_limited`, so
 * that there is room for the others.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #now: () => number;
  /** Times of opening, by tenant. */
  readonly #open = new Map<string, Set<{ readonly atMs: number }>>();
  /** When each tenant last asked, longest ago first. */
  readonly #askedAtMs = new Map<string, number>();
  #streams = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    // A counter that begins at the first refusal has no rate for it.
    for (const reason of ['overloaded', 'rate_limited'])
      options.telemetry.count('eloquence_stt_refused_total', { reason }, 0);
  }

  /** Streams that are in. */
  get streams(): number {
    return this.#streams;
  }

  /** Counts a stream in. @returns what counts it out; may be called more than once */
  enter(tenant: string): () => void {
    const stream = { atMs: this.#now() };
    const own = this.#open.get(tenant) ?? new Set();
    this.#open.set(tenant, own.add(stream));
    this.#setStreams(this.#streams + 1);
    return () => {
      if (!own.delete(stream)) return;
      if (own.size === 0 && this.#open.get(tenant) === own) this.#open.delete(tenant);
      this.#setStreams(this.#streams - 1);
    };
  }

  /** Why a new stream of this tenant cannot be let in, with a time to come back; undefined when it can. */
  admit(tenant: string): AppError | undefined {
    this.#remember(tenant);
    const refusal = this.#refusal(tenant);
    if (refusal) this.#options.telemetry.count('eloquence_stt_refused_total', { reason: refusal.code });
    return refusal;
  }

  #refusal(tenant: string): AppError | undefined {
    const { maxStreams } = this.#options;
    // One speaker alone waits for nobody.
    const loadPart = this.#streams === 0 ? 0 : this.predictedWaitMs / this.#allowedWaitMs;
    const part = Math.max(loadPart, (this.#streams + 1) / (maxStreams + 1));
    if (part >= FAIR_FROM && this.#hasMoreThanFairShare(tenant))
      return new AppError('rate_limited', 'You have more than your share of the speech engine. Close a stream first.', {
        retryAfterS: this.#retryAfterS,
      });
    if (this.#streams >= maxStreams)
      return new AppError('overloaded', `All ${maxStreams} streams are in use.`, { retryAfterS: 10 });
    if (loadPart < 1) return undefined;
    return new AppError('overloaded', 'The speech engine is busy. Try again in a few seconds.', {
      retryAfterS: this.#retryAfterS,
    });
  }

  /** How long one final in twenty is expected to wait for those of others, ms. */
  get predictedWaitMs(): number {
    const { scheduler } = this.#options;
    const { capacityPerS } = scheduler.slots;
    if (capacityPerS === undefined) return scheduler.oldestFinalMs;
    const callMs = 1000 / capacityPerS;
    const load = this.#demandPerS / capacityPerS;
    const left = 1 - HEADROOM - load;
    if (left <= 0) return Infinity;
    const tail = load <= 0.05 ? 0 : (callMs / (2 * (1 - load))) * Math.log(20 * load);
    // A burst that is gone within the deadline is what the tail is about; more means the engine has fallen behind.
    const backlogMs = Math.max(scheduler.waiting('final') * callMs, scheduler.oldestFinalMs);
    return Math.max(tail, TAIL_OF_MEAN * scheduler.meanFinalWaitMs, backlogMs > DEADLINES_MS.final / 2 ? backlogMs : 0);
  }

  get #allowedWaitMs(): number {
    const callMs = this.#options.scheduler.slots.callMs ?? 0;
    return Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, WAIT_PART * (USUAL_SILENCE_MS + callMs)));
  }

  /** Finals and commits per second of the streams that are in; what a new one has not shown yet is supposed. */
  get #demandPerS(): number {
    const nowMs = this.#now();
    let demand = this.#options.scheduler.essentialPerS;
    for (const streams of this.#open.values())
      for (const { atMs } of streams) demand += EXPECTED_PER_S * Math.exp(-(nowMs - atMs) / RATE_MEMORY_MS);
    return demand;
  }

  get #retryAfterS(): number {
    const waitMs = this.predictedWaitMs;
    return Number.isFinite(waitMs) ? Math.min(30, Math.max(2, Math.ceil(waitMs / 1000))) : 10;
  }

  /** True while somebody with fewer streams has asked for one of late, and these would be more than an equal part. */
  #hasMoreThanFairShare(tenant: string): boolean {
    const since = this.#now() - WANTS_IN_MS;
    const own = this.#open.get(tenant)?.size ?? 0;
    const smaller = [...this.#askedAtMs].filter(
      ([other, atMs]) => other !== tenant && atMs >= since && (this.#open.get(other)?.size ?? 0) < own,
    );
    if (smaller.length === 0) return false;
    const tenants = new Set([...this.#open.keys(), ...smaller.map(([other]) => other)]);
    return own + 1 > Math.ceil((this.#streams + 1) / tenants.size);
  }

  #remember(tenant: string): void {
    this.#askedAtMs.delete(tenant);
    this.#askedAtMs.set(tenant, this.#now());
    const [oldest] = this.#askedAtMs.keys();
    if (this.#askedAtMs.size > MAX_REMEMBERED_TENANTS && oldest !== undefined) this.#askedAtMs.delete(oldest);
  }

  #setStreams(streams: number): void {
    this.#streams = streams;
    this.#options.telemetry.set('eloquence_stt_streams', streams);
  }
}
