import { eventKeys, type SessionEventBody } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Report } from '@eloquence/shared/contracts/report';
import { eventTime, type EventLog } from '@eloquence/shared/runtime/event-log';
import type { Redis } from 'ioredis';
import type { MeetingStore } from './meeting-store.ts';

/** Redis forgets an ended session's counter after so long; what comes later would count from 1 again. */
const KEEP_MS = 3_600_000;

/** Says in a meeting's event log what was written of it. */
export class Announcer {
  readonly #redis: Redis;
  readonly #events: EventLog;
  readonly #store: MeetingStore;

  constructor(options: { readonly redis: Redis; readonly events: EventLog; readonly store: MeetingStore }) {
    this.#redis = options.redis;
    this.#events = options.events;
    this.#store = options.store;
  }

  /** Says that a report was published. Saying it again, after a crash, is the same event. @throws AppError `unavailable` */
  async reportReady(sessionId: SessionId, revision: number, kind: Report['kind']): Promise<void> {
    await this.#append(sessionId, { type: 'report.ready', at: eventTime(), revision, kind });
    await this.#store.markAnnounced(sessionId, revision);
  }

  /** Says that a mini-summary was written. @throws AppError `unavailable` */
  async summaryReady(sessionId: SessionId, index: number, revision: number): Promise<void> {
    await this.#append(sessionId, { type: 'summary.ready', at: eventTime(), index, revision });
  }

  /** To a log that may have been forgotten meanwhile. */
  async #append(sessionId: SessionId, body: SessionEventBody): Promise<void> {
    await this.#keepCounting(sessionId);
    await this.#events.append(sessionId, body);
  }

  async #keepCounting(sessionId: SessionId): Promise<void> {
    const key = eventKeys.seq(sessionId);
    if ((await this.#redis.exists(key)) === 1) return;
    await this.#redis.set(key, await this.#store.lastSeq(sessionId), 'PX', KEEP_MS, 'NX');
  }
}
