import { eventKeys } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Redis } from 'ioredis';
import { toEntries, type StreamEntry } from './stream-entry.ts';

/**
 * Takes a session off the pending set when its group has read everything and nothing is unacknowledged, in one step with that
 * look: an event appended a moment later marks the session pending again. Otherwise the score moves up to the start of this
 * pass where all that is left came after it, so that the lag is that of the oldest event Postgres does not have.
 * KEYS: stream, pending · ARGV: group, session id, start of the pass in ms
 */
const SETTLE = `
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('ZREM', KEYS[2], ARGV[2])
  return 'clear'
end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local found = {}
  for i = 1, #group, 2 do found[group[i]] = group[i + 1] end
  if found['name'] == ARGV[1] then
    if found['pending'] > 0 then return 'held' end
    if #redis.call('XRANGE', KEYS[1], '(' .. found['last-delivered-id'], '+', 'COUNT', 1) == 0 then
      redis.call('ZREM', KEYS[2], ARGV[2])
      return 'clear'
    end
  end
end
if redis.call('ZSCORE', KEYS[2], ARGV[2]) then redis.call('ZADD', KEYS[2], 'XX', ARGV[3], ARGV[2]) end
return 'more'`;

/**
 * Lets a session's keys expire, unless it was taken up again and has not ended since: `session.ended` is no longer among what
 * was said then.
 * KEYS: stream, seq, seen · ARGV: ms
 */
const EXPIRE_ENDED = `
local said = redis.call('HMGET', KEYS[3], 'session.resumed', 'session.ended')
if said[1] and not said[2] then return 0 end
for key = 1, 3 do redis.call('PEXPIRE', KEYS[key], ARGV[1]) end
return 1`;

/** clear: Postgres has all of it · more: events came meanwhile · held: entries were handed out and not acknowledged */
export type Settlement = 'clear' | 'more' | 'held';

export interface PendingSession {
  readonly sessionId: string;
  /** When the oldest event Postgres does not have was appended, ms since the epoch. */
  readonly sinceMs: number;
}

export interface EventStreamsOptions {
  /** Name of this process in the consumer group; unique, so that two workers share a stream without sharing entries. */
  readonly consumer: string;
  readonly batchSize: number;
  /** Entries another worker took and did not acknowledge for so long are taken over. */
  readonly claimIdleMs: number;
}

/** The Redis side of copying: hands out entries of a session's stream once, and lets go of them when told to. */
export class EventStreams {
  readonly #redis: Redis;
  readonly #options: EventStreamsOptions;

  constructor(redis: Redis, options: EventStreamsOptions) {
    this.#redis = redis;
    this.#options = options;
  }

  /** Sessions with events that Postgres does not have, oldest first. */
  async pending(limit: number): Promise<PendingSession[]> {
    const reply = await this.#redis.zrange(eventKeys.pending, '0', String(limit - 1), 'WITHSCORES');
    const pending: PendingSession[] = [];
    for (let at = 0; at + 1 < reply.length; at += 2) {
      pending.push({ sessionId: reply[at] ?? '', sinceMs: Number(reply[at + 1]) });
    }
    return pending;
  }

  /** Takes a name off the pending set that is no session's. */
  async forget(name: string): Promise<void> {
    await this.#redis.zrem(eventKeys.pending, name);
  }

  /** The next entries nobody has taken; empty when there are none. */
  fresh(sessionId: SessionId): Promise<StreamEntry[]> {
    return this.#read(sessionId, '>');
  }

  /** Entries this process took before and did not acknowledge: what a failed pass left behind. */
  own(sessionId: SessionId): Promise<StreamEntry[]> {
    return this.#read(sessionId, '0');
  }

  /** Takes over entries of a worker that is gone. */
  async abandoned(sessionId: SessionId): Promise<StreamEntry[]> {
    const { consumer, batchSize, claimIdleMs } = this.#options;
    const reply: unknown = await this.#redis.xautoclaim(
      eventKeys.stream(sessionId),
      eventKeys.persistGroup,
      consumer,
      claimIdleMs,
      '0',
      'COUNT',
      batchSize,
    );
    return Array.isArray(reply) ? toEntries(reply[1]) : [];
  }

  async acknowledge(sessionId: SessionId, entries: readonly StreamEntry[]): Promise<void> {
    const ids = entries.map((entry) => entry.id);
    await this.#redis.xack(eventKeys.stream(sessionId), eventKeys.persistGroup, ...ids);
  }

  /** See {@link SETTLE}. */
  async settle(sessionId: SessionId, passStartedMs: number): Promise<Settlement> {
    const keys = [eventKeys.stream(sessionId), eventKeys.pending] as const;
    const reply = await this.#redis.eval(SETTLE, 2, ...keys, eventKeys.persistGroup, sessionId, passStartedMs);
    return reply as Settlement;
  }

  /** Number of the last event, 0 without any. */
  async lastSeq(sessionId: SessionId): Promise<number> {
    return Number((await this.#redis.get(eventKeys.seq(sessionId))) ?? 0);
  }

  /** Entries still in the stream with `seq > afterSeq`, whoever has read them. */
  async range(sessionId: SessionId, afterSeq: number): Promise<StreamEntry[]> {
    const { batchSize } = this.#options;
    return toEntries(await this.#redis.xrange(eventKeys.stream(sessionId), `(${afterSeq}-0`, '+', 'COUNT', batchSize));
  }

  /** Lets everything of a session that has ended expire; one that goes on is left alone. */
  async expireEnded(sessionId: SessionId, afterMs: number): Promise<void> {
    const keys = [eventKeys.stream(sessionId), eventKeys.seq(sessionId), eventKeys.seen(sessionId)] as const;
    await this.#redis.eval(EXPIRE_ENDED, 3, ...keys, afterMs);
  }

  /** Lets everything of a session in Redis expire, whatever it says. */
  async expire(sessionId: SessionId, afterMs: number): Promise<void> {
    const expiry = this.#redis.multi();
    for (const key of [eventKeys.stream, eventKeys.seq, eventKeys.seen]) expiry.pexpire(key(sessionId), afterMs);
    for (const [error] of (await expiry.exec()) ?? []) if (error) throw error;
  }

  async #read(sessionId: SessionId, from: '>' | '0'): Promise<StreamEntry[]> {
    const { consumer, batchSize } = this.#options;
    const [stream, group] = [eventKeys.stream(sessionId), eventKeys.persistGroup];
    const read = () => this.#redis.xreadgroup('GROUP', group, consumer, 'COUNT', batchSize, 'STREAMS', stream, from);
    let reply: unknown;
    try {
      reply = await read();
    } catch (error) {
      if (!isNoGroup(error)) throw error;
      if (!(await this.#createGroup(sessionId))) return [];
      reply = await read();
    }
    // [[stream, [[id, fields] …]]]
    const streams: unknown = Array.isArray(reply) ? reply[0] : undefined;
    return Array.isArray(streams) ? toEntries(streams[1]) : [];
  }

  /** False when there is no stream: expired, or deleted with its session. */
  async #createGroup(sessionId: SessionId): Promise<boolean> {
    try {
      await this.#redis.xgroup('CREATE', eventKeys.stream(sessionId), eventKeys.persistGroup, '0');
    } catch (error) {
      const message = error instanceof Error ? error.message : '';
      if (message.includes('BUSYGROUP')) return true;
      if (message.includes('requires the key to exist')) return false;
      throw error;
    }
    return true;
  }
}

function isNoGroup(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOGROUP');
}
