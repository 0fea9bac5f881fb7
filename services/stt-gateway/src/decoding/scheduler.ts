import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { EngineCapacity } from '../engines/engine.ts';
import { EngineSlots } from './engine-slots.ts';
import { FairQueue, type Queued } from './fair-queue.ts';
import { DecayingMean, DecayingRate } from './decaying-rate.ts';

/**
 * What a decode is for, most urgent first. `speculative` is a final decode begun before it is sure that the speaker has
 * finished, `commit` one whose speaker goes on (forced cut, window of a meeting), `file` one nobody listens to while it
 * is spoken.
 */
const KINDS = ['final', 'speculative', 'commit', 'interim', 'file'] as const;
export type DecodeKind = (typeof KINDS)[number];

/** How soon the result of each kind should be there, ms from when it is asked for. */
export const DEADLINES_MS: Readonly<Record<DecodeKind, number>> = {
  final: 2_000,
  speculative: 2_000,
  commit: 6_000,
  interim: 1_500,
  file: 60_000,
};

/**
 * The guaranteed share of those who can wait, so that they never wait for ever: after so many calls for others, one for
 * them. Interims have none: a speaker's next one is as good.
 */
const SHARES = [
  ['commit', 4],
  ['file', 10],
] as const;
type Patient = (typeof SHARES)[number][0];

/** Whisper takes a window of 30 s for any audio, so a word costs hardly less than a sentence. */
const LEAST_COST_S = 1;
/** Interims and guesses waiting, each; the oldest of the tenant with the most goes when there is one more. */
const MAX_WAITING_OPTIONAL = 64;
/** Interims use at most this part of what finals and commits leave of the engine: each may make a final wait for it. */
const INTERIM_PART = 0.4;
/** More finals and commits per second than this: somebody speaks, and files make their calls one at a time. */
const LIVE_PER_S = 0.02;
/** New speech that makes another interim worth its call on an idle engine, ms. */
const LEAST_INTERIM_STEP_MS = 500;
/** With less room than this for interims there are none. */
const LONGEST_INTERIM_STEP_MS = 15_000;
/** A stream without an interim for so long takes no part in sharing them. */
const INTERIM_MEMORY_MS = 4_000;

/** How long a wait of a final counts in the mean, ms. */
const WAITS_MEMORY_MS = 10_000;

export interface SchedulerOptions {
  /** Most calls to the engine at once; how many there are is measured, see EngineSlots. */
  readonly maxSlots: number;
}

export interface SchedulerPorts {
  readonly telemetry?: Telemetry;
  /** Clock, ms. */
  readonly now?: () => number;
  /** What the engine says of itself. */
  readonly capacity?: () => EngineCapacity | undefined;
}

export interface DecodeJob<T> {
  readonly kind: DecodeKind;
  /** Whose share of the engine it uses up. */
  readonly tenant: string;
  /** Whose audio it is: a newer interim takes the place of one of the same session that waits. */
  readonly session?: object | undefined;
  /** Length of the audio, as the measure of the tenant's share; seconds. */
  readonly audioS: number;
  /** When it should be there, for a job that comes again; default: the deadline of its kind from now. */
  readonly dueMs?: number | undefined;
  /** Takes the job out of the queue, or cancels its call. */
  readonly signal: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<T>;
}

export interface Ticket<T> {
  readonly result: Promise<T>;
  /** The speaker has finished: what was speculative is now waited for. */
  readonly promote: () => void;
}

interface Waiting extends Queued {
  kind: DecodeKind;
  readonly session: object | undefined;
  readonly sinceMs: number;
  dueMs: number;
  /** @returns whether it was answered */
  readonly start: () => Promise<boolean>;
  readonly drop: (reason: Error) => void;
}

/**
 * Decides which decode the engine does next. One for the process: all sessions share the engine.
 *
 * Order: kinds as in KINDS, but for SHARES; tenants in turn (FairQueue); the soonest deadline. Finals and commits are
 * never dropped: their number is bounded by the sessions, which stop reading their sockets while 40 s of audio wait.
 * Interims and guesses are: when a newer one comes, when they have waited past their deadline, when there are too many.
 */
export class DecodeScheduler {
  readonly slots: EngineSlots;
  readonly #telemetry: Telemetry | undefined;
  readonly #now: () => number;
  readonly #queues: Readonly<Record<DecodeKind, FairQueue<Waiting>>> = {
    final: new FairQueue(),
    speculative: new FairQueue(),
    commit: new FairQueue(),
    interim: new FairQueue(),
    file: new FairQueue(),
  };
  /** Calls for others since the last one of the kind, while one waited. */
  readonly #passedOver: Record<Patient, number> = { commit: 0, file: 0 };
  readonly #essential = new DecayingRate();
  readonly #waits = new DecayingMean(WAITS_MEMORY_MS);
  readonly #interimSessions = new Map<object, number>();
  /** Finals and guesses of each session that are not out. */
  readonly #finals = new WeakMap<object, number>();
  #running = 0;
  #runningInterims = 0;
  #runningFiles = 0;

  constructor(options: SchedulerOptions, ports: SchedulerPorts = {}) {
    this.slots = new EngineSlots(options.maxSlots, ports.capacity);
    this.#telemetry = ports.telemetry;
    for (const kind of ['interim', 'speculative'])
      for (const reason of ['stale', 'too_many', 'expired'])
        this.#telemetry?.count('eloquence_stt_optional_dropped_total', { kind, reason }, 0);
    this.#now = ports.now ?? (() => performance.now());
  }

  get running(): number {
    return this.#running;
  }

  waiting(kind: DecodeKind): number {
    return this.#queues[kind].size;
  }

  /** Finals and commits asked for, per second: what the engine must be able to do. */
  get essentialPerS(): number {
    return this.#essential.perS(this.#now());
  }

  /** How long ago the final that waits longest was asked for, ms; 0 when none waits. */
  get oldestFinalMs(): number {
    const due = this.#queues.final.soonestDueMs;
    return due === undefined ? 0 : Math.max(0, this.#now() - due + DEADLINES_MS.final);
  }

  /** What finals of late have waited for others on the mean, here and in the engine, ms. */
  get meanFinalWaitMs(): number {
    return this.#waits.at(this.#now());
  }

  /**
   * New speech, in ms, that makes another interim of a stream worth its call: what finals leave of the engine is shared
   * among all streams that want interims. Infinity while there is no room for any.
   */
  get interimStepMs(): number {
    const { capacityPerS } = this.slots;
    if (capacityPerS === undefined) return LEAST_INTERIM_STEP_MS;
    const nowMs = this.#now();
    for (const [session, atMs] of this.#interimSessions)
      if (nowMs - atMs > Math.max(INTERIM_MEMORY_MS, 2_000 / capacityPerS)) this.#interimSessions.delete(session);
    const perS = INTERIM_PART * (capacityPerS - this.essentialPerS);
    const stepMs = perS <= 0 ? Infinity : (Math.max(1, this.#interimSessions.size) * 1000) / perS;
    return stepMs > LONGEST_INTERIM_STEP_MS ? Infinity : Math.max(LEAST_INTERIM_STEP_MS, stepMs);
  }

  /**
   * Queues a decode. The result rejects with the signal's reason when aborted, with an AbortError when dropped by
   * policy, else as `run` does.
   */
  submit<T>(job: DecodeJob<T>): Ticket<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const { signal, tenant, session } = job;
    const kind = this.#kindOf(job);
    const onAbort = () => {
      this.#queues[entry.kind].remove(entry);
      reject(signal.reason as Error);
    };
    const sinceMs = this.#now();
    const entry: Waiting = {
      kind,
      tenant,
      session,
      sinceMs,
      dueMs: job.dueMs ?? sinceMs + DEADLINES_MS[kind],
      costS: Math.max(LEAST_COST_S, job.audioS),
      start: async () => {
        signal.removeEventListener('abort', onAbort);
        try {
          resolve(await job.run(signal));
          return true;
        } catch (error) {
          reject(error);
          return false;
        }
      },
      drop: (reason) => {
        signal.removeEventListener('abort', onAbort);
        reject(reason);
      },
    };
    if (session && (job.kind === 'final' || job.kind === 'speculative')) this.#countOf(session, promise);
    if (signal.aborted) reject(signal.reason as Error);
    else {
      signal.addEventListener('abort', onAbort, { once: true });
      // What comes again was counted when it came first.
      if ((kind === 'final' || job.kind === 'commit') && job.dueMs === undefined) this.#essential.add(sinceMs);
      this.#enqueue(entry);
    }
    return { result: promise, promote: () => this.#promote(entry) };
  }

  /**
   * Who speaks waits for one final at a time. More of one session means that audio was poured in, or that it has waited
   * already: those after the first go with the commits, so that nobody else's first waits for them.
   */
  #kindOf({ kind, session }: DecodeJob<unknown>): DecodeKind {
    return kind === 'final' && session && (this.#finals.get(session) ?? 0) > 0 ? 'commit' : kind;
  }

  #countOf(session: object, result: Promise<unknown>): void {
    this.#finals.set(session, (this.#finals.get(session) ?? 0) + 1);
    result.catch(() => undefined).finally(() => void this.#finals.set(session, (this.#finals.get(session) ?? 1) - 1));
  }

  #enqueue(entry: Waiting): void {
    const { kind, session } = entry;
    const queue = this.#queues[kind];
    if (kind === 'interim' && session) {
      this.#interimSessions.set(session, this.#now());
      this.#drop(
        queue.find((other) => other.session === session),
        'stale',
      );
    }
    if ((kind === 'interim' || kind === 'speculative') && queue.size >= MAX_WAITING_OPTIONAL)
      this.#drop(queue.mostDispensable, 'too_many');
    queue.add(entry);
    this.#next();
  }

  #promote(entry: Waiting): void {
    if (entry.kind !== 'speculative') return;
    const waits = this.#queues.speculative.remove(entry);
    // It is one of its session's finals itself.
    entry.kind = entry.session && (this.#finals.get(entry.session) ?? 0) > 1 ? 'commit' : 'final';
    if (entry.kind === 'final') this.#essential.add(this.#now());
    if (!waits) return;
    entry.dueMs = this.#now() + DEADLINES_MS[entry.kind];
    this.#queues[entry.kind].add(entry);
  }

  #drop(entry: Waiting | undefined, reason: 'stale' | 'too_many' | 'expired'): void {
    if (!entry) return;
    this.#queues[entry.kind].remove(entry);
    this.#telemetry?.count('eloquence_stt_optional_dropped_total', { kind: entry.kind, reason });
    entry.drop(new DOMException(`the decode was dropped: ${reason}`, 'AbortError'));
  }

  #next(): void {
    while (this.#running < this.slots.limit) {
      const entry = this.#mostUrgent();
      if (!entry) return;
      void this.#run(entry);
    }
  }

  #mostUrgent(): Waiting | undefined {
    for (const [kind, share] of SHARES)
      if (this.#queues[kind].size > 0 && this.#passedOver[kind] >= share) return this.#queues[kind].next();
    for (const kind of KINDS) {
      if (kind === 'interim' && this.#runningInterims >= Math.max(1, this.slots.limit - 1)) continue;
      if (kind === 'file' && this.#runningFiles >= this.#mostFiles) continue;
      for (let entry = this.#queues[kind].next(); entry; entry = this.#queues[kind].next()) {
        const optional = kind === 'interim' || kind === 'speculative';
        if (!optional || this.#now() <= entry.dueMs) return entry;
        this.#drop(entry, 'expired');
      }
    }
    return undefined;
  }

  /** A final must not find all calls taken by windows of 30 s. */
  get #mostFiles(): number {
    return this.essentialPerS > LIVE_PER_S ? 1 : Infinity;
  }

  async #run(entry: Waiting): Promise<void> {
    const { kind } = entry;
    const startedMs = this.#now();
    for (const [patient] of SHARES)
      this.#passedOver[patient] =
        kind === patient || this.#queues[patient].size === 0 ? 0 : this.#passedOver[patient] + 1;
    this.#telemetry?.observe('eloquence_stt_queue_seconds', { kind }, (startedMs - entry.sinceMs) / 1000);
    const first = this.#running === 0;
    this.#move(1, kind);
    this.slots.started(startedMs);
    const succeeded = await entry.start();
    this.#move(-1, kind);
    const endedMs = this.#now();
    const tookMs = endedMs - startedMs;
    const aloneMs = Math.min(tookMs, this.slots.aloneMs ?? tookMs);
    const waiting = KINDS.some((other) => this.waiting(other) > 0);
    this.slots.ended(endedMs, { tookMs, succeeded, waiting, alone: first && this.#running === 0 });
    // A call that failed or was cancelled says nothing about how long one takes.
    if (succeeded) {
      if (kind === 'final' || kind === 'speculative') this.#waits.add(endedMs - entry.sinceMs - aloneMs, endedMs);
      this.#telemetry?.observe('eloquence_stt_call_seconds', { kind }, tookMs / 1000);
      this.#telemetry?.set('eloquence_stt_call_limit', this.slots.limit);
    }
    this.#next();
  }

  #move(by: 1 | -1, kind: DecodeKind): void {
    this.#running += by;
    if (kind === 'interim') this.#runningInterims += by;
    if (kind === 'file') this.#runningFiles += by;
    this.#telemetry?.set('eloquence_stt_calls_in_flight', this.#running);
  }
}
