import { eventKeys } from '@eloquence/shared/contracts/events';
import { sessionIdSchema, type SessionId } from '@eloquence/shared/contracts/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { reconnectPolicy, retryDelayMs, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Redis } from 'ioredis';
import type { EventStore, Outcome } from './event-store.ts';
import type { EventStreams } from './event-streams.ts';
import type { StreamEntry } from './stream-entry.ts';

/** Pub/sub loses wake-ups; this often all sessions with pending events are looked at. */
const SWEEP_MS = 1_000;
/** Sessions copied at once: below the pool's size, so that jobs and readiness get a connection. */
const CONCURRENCY = 6;
/** Sessions waiting for their turn. Beyond it wake-ups are dropped: the sweep finds the session again. */
const MAX_WAITING = 5_000;
const SWEEP_LIMIT = 2_000;
/** Of a session that could not be copied. */
const AGAIN: RetryPolicy = { ...reconnectPolicy, maxDelayMs: 2_000 };

export interface PersisterOptions {
  readonly streams: EventStreams;
  readonly store: EventStore;
  /** A client of its own for the wake-ups. */
  readonly subscriber: Redis;
  /** Called when a session has ended and again whenever more of it arrives; before the events are let go of. */
  readonly onEnded: (sessionId: SessionId) => Promise<void>;
  /** Called when something new of a meeting is in Postgres. A hint: whoever misses it finds the meeting marked as changed. */
  readonly onMeeting: (sessionId: SessionId, news: { readonly ended: boolean }) => void;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

interface Failure {
  readonly count: number;
  readonly retryAtMs: number;
}

/**
 * Copies every session's events from its stream to Postgres. Entries are acknowledged only after the commit; one session is copied
 * by one pass at a time, sessions independently of each other, so that none can block another. Whatever fails is tried again by
 * the sweep, with growing delays, for ever: Redis keeps the events.
 */
export class Persister {
  readonly #options: PersisterOptions;
  readonly #waiting = new Set<SessionId>();
  readonly #running = new Map<SessionId, Promise<void>>();
  readonly #failures = new Map<SessionId, Failure>();
  /** Sessions of which this process holds unacknowledged entries. */
  readonly #unfinished = new Set<SessionId>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #open = false;
  #down = false;

  constructor(options: PersisterOptions) {
    this.#options = options;
  }

  /** Begins to listen and to sweep. */
  start(): void {
    const { subscriber } = this.#options;
    this.#open = true;
    subscriber.on('message', (channel, sessionId) => {
      if (channel === eventKeys.appended) this.#wake(sessionId);
    });
    // Waits for Redis on its own; the sweep does the work until then.
    subscriber.subscribe(eventKeys.appended).catch(() => undefined);
    this.#sweep();
  }

  /** Takes no more sessions and waits for those in work; what is left stays in Redis. */
  async stop(): Promise<void> {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#waiting.clear();
    await this.#sweeping;
    await Promise.all(this.#running.values());
  }

  #sweep(): void {
    this.#sweeping = this.#lookForPending()
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        if (this.#open) this.#timer = setTimeout(() => this.#sweep(), SWEEP_MS);
      });
  }

  async #lookForPending(): Promise<void> {
    const { streams, telemetry } = this.#options;
    const pending = await streams.pending(SWEEP_LIMIT);
    const oldestMs = pending[0]?.sinceMs;
    telemetry.set(
      'eloquence_events_lag_seconds',
      oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs) / 1000,
    );
    for (const { sessionId } of pending) {
      if (sessionIdSchema.safeParse(sessionId).success) this.#wake(sessionId);
      else await streams.forget(sessionId);
    }
  }

  #wake(sessionId: SessionId): void {
    if (!this.#open || this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.add(sessionId);
    this.#pump();
  }

  #pump(): void {
    for (const sessionId of this.#waiting) {
      if (this.#running.size >= CONCURRENCY) return;
      if (this.#running.has(sessionId)) continue;
      this.#waiting.delete(sessionId);
      if ((this.#failures.get(sessionId)?.retryAtMs ?? 0) > performance.now()) continue;
      const pass = this.#attempt(sessionId).finally(() => {
        this.#running.delete(sessionId);
        this.#pump();
      });
      this.#running.set(sessionId, pass);
    }
  }

  async #attempt(sessionId: SessionId): Promise<void> {
    try {
      await this.#copy(sessionId);
      this.#failures.delete(sessionId);
      if (this.#down) this.#options.logger.info('copying events again');
      this.#down = false;
    } catch (error) {
      const count = (this.#failures.get(sessionId)?.count ?? 0) + 1;
      this.#failures.set(sessionId, { count, retryAtMs: performance.now() + retryDelayMs(AGAIN, count) });
      this.#report(error);
    }
  }

  /** One line per outage, not per session and second. */
  #report(error: unknown): void {
    if (!this.#down) this.#options.logger.warn({ err: error }, 'events cannot be copied now, they wait in redis');
    this.#down = true;
  }

  async #copy(sessionId: SessionId): Promise<void> {
    const { streams } = this.#options;
    while (this.#open) {
      const startedMs = Date.now();
      let entries = this.#unfinished.has(sessionId) ? await streams.own(sessionId) : [];
      if (entries.length === 0) {
        this.#unfinished.delete(sessionId);
        entries = await streams.fresh(sessionId);
      }
      if (entries.length === 0) {
        const settlement = await streams.settle(sessionId, startedMs);
        if (settlement === 'clear') return;
        if (settlement === 'more') continue;
        entries = await streams.abandoned(sessionId);
        // Another worker is at it; if it dies, a later sweep takes them over.
        if (entries.length === 0) return;
      }
      await this.#store(sessionId, entries);
    }
  }

  async #store(sessionId: SessionId, entries: readonly StreamEntry[]): Promise<void> {
    const { streams, store, onEnded, onMeeting } = this.#options;
    this.#unfinished.add(sessionId);
    const outcome = await store.store(sessionId, entries);
    if (outcome.kind === 'stored' && outcome.meeting) onMeeting(sessionId, outcome);
    if (outcome.kind === 'missing' || outcome.ended) await onEnded(sessionId);
    await streams.acknowledge(sessionId, entries);
    this.#unfinished.delete(sessionId);
    this.#count(outcome, entries.length);
  }

  #count(outcome: Outcome, size: number): void {
    const { telemetry, logger } = this.#options;
    if (outcome.kind === 'missing') {
      telemetry.count('eloquence_events_dropped_total', { reason: 'session_deleted' }, size);
      return;
    }
    for (const type of outcome.types) telemetry.count('eloquence_events_persisted_total', { type });
    if (outcome.poisoned === 0) return;
    telemetry.count('eloquence_events_poison_total', {}, outcome.poisoned);
    logger.warn({ count: outcome.poisoned }, 'events that are not valid were set aside in poison_events');
  }
}
