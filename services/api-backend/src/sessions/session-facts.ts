import { eventKeys } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Redis } from 'ioredis';
import { reachable } from '../http/dependency.ts';

/** What the event log says about a session before Postgres has heard of it. */
interface Facts {
  readonly startedSeq: number | undefined;
  readonly endedSeq: number | undefined;
}

/**
 * Reads and clears the Redis side of sessions. A row in Postgres may be a moment behind the log; {@link SessionFacts.overlay} lays what
 * the log knows over it.
 */
export class SessionFacts {
  readonly #redis: Redis;
  readonly #log: EventLog;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#log = new EventLog(redis);
  }

  /** True once `session.created` has been appended: the last step of opening. */
  async isOpened(sessionId: SessionId): Promise<boolean> {
    return (await reachable('Redis', this.#redis.hexists(eventKeys.seen(sessionId), 'session.created'))) === 1;
  }

  /** True while an agent attends the session, until it has written its last event. */
  async isAttended(sessionId: SessionId): Promise<boolean> {
    return (await reachable('Redis', this.#redis.exists(eventKeys.agent(sessionId)))) === 1;
  }

  /** The sessions as of now. When Redis is away they are as of the last event that reached Postgres. */
  async overlay(sessions: readonly Session[]): Promise<Session[]> {
    if (this.#redis.status !== 'ready') return [...sessions];
    try {
      return await reachable('Redis', Promise.all(sessions.map((session) => this.#overlayOne(session))));
    } catch {
      return [...sessions];
    }
  }

  /** Removes stream, counters and marks of a session, and wakes whoever follows it. */
  async forget(sessionId: SessionId): Promise<void> {
    const removal = this.#redis
      .multi()
      .del(...[eventKeys.stream, eventKeys.seq, eventKeys.seen, eventKeys.agent].map((keyOf) => keyOf(sessionId)))
      .zrem(eventKeys.pending, sessionId)
      .publish(eventKeys.appended, sessionId)
      .exec();
    await reachable('Redis', removal);
  }

  async #overlayOne(session: Session): Promise<Session> {
    if (session.state === 'ended') return session;
    const { startedSeq, endedSeq } = await this.#facts(session.session_id);
    let now = session;
    if (startedSeq !== undefined && session.started_at === null) {
      const at = await this.#eventAt(session.session_id, startedSeq);
      now = { ...now, state: 'active', started_at: at?.at ?? null };
    }
    if (endedSeq !== undefined) {
      const event = await this.#eventAt(session.session_id, endedSeq);
      const reason = event?.type === 'session.ended' ? event.reason : null;
      now = { ...now, state: 'ended', end_reason: reason, ended_at: event?.at ?? null };
    }
    return now;
  }

  async #facts(sessionId: SessionId): Promise<Facts> {
    const [started, ended] = await this.#redis.hmget(eventKeys.seen(sessionId), 'session.started', 'session.ended');
    return { startedSeq: started ? Number(started) : undefined, endedSeq: ended ? Number(ended) : undefined };
  }

  async #eventAt(sessionId: SessionId, seq: number) {
    const [event] = await this.#log.read(sessionId, seq - 1, 1);
    return event?.seq === seq ? event : undefined;
  }
}
