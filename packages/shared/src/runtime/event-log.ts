import type { Redis } from 'ioredis';
import {
  eventKeys,
  interimSchema,
  sessionEventBodySchema,
  sessionEventSchema,
  type Interim,
  type SessionEvent,
  type SessionEventBody,
} from '../contracts/events.ts';
import type { SessionId } from '../contracts/ids.ts';
import { AppError } from './errors.ts';

/**
 * Appends one event: number, stream, "pending" mark and wake-up in one atomic step. The stream id is `{seq}-0`, so a reader's
 * position is the event's own number. A second append with the same dedupe key returns the number of the first.
 * KEYS: stream, seq, seen, pending · ARGV: body JSON, dedupe key or '', session id, now ms, wake-up channel
 */
const APPEND = `
if ARGV[2] ~= '' then
  local before = redis.call('HGET', KEYS[3], ARGV[2])
  if before then return tonumber(before) end
end
local seq = redis.call('INCR', KEYS[2])
redis.call('XADD', KEYS[1], seq .. '-0', 'event', ARGV[1])
if ARGV[2] ~= '' then redis.call('HSET', KEYS[3], ARGV[2], seq) end
redis.call('ZADD', KEYS[4], 'NX', ARGV[4], ARGV[3])
redis.call('PUBLISH', ARGV[5], ARGV[3])
return seq`;

/**
 * Makes the log of an ended session ready to go on, and says so. The counter is never behind what Postgres or the stream has, so
 * no number is given twice. A log that had expired knows again that the session was opened.
 * KEYS: stream, seq, seen, pending · ARGV: body JSON, dedupe key, session id, now ms, wake-up channel, last number in Postgres
 */
const REOPEN = `
local before = redis.call('HGET', KEYS[3], ARGV[2])
if before then return tonumber(before) end
for key = 1, 3 do redis.call('PERSIST', KEYS[key]) end
local last = math.max(tonumber(redis.call('GET', KEYS[2]) or 0), tonumber(ARGV[6]))
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then last = math.max(last, tonumber(string.match(newest[1], '^%d+'))) end
redis.call('SET', KEYS[2], last + 1)
redis.call('HDEL', KEYS[3], 'session.ended')
redis.call('XADD', KEYS[1], (last + 1) .. '-0', 'event', ARGV[1])
redis.call('HSET', KEYS[3], ARGV[2], last + 1, 'session.resumed', last + 1)
redis.call('HSETNX', KEYS[3], 'session.created', 1)
redis.call('ZADD', KEYS[4], 'NX', ARGV[4], ARGV[3])
redis.call('PUBLISH', ARGV[5], ARGV[3])
return last + 1`;

/** What makes two appends the same fact, so that a retry after an unclear failure does not say it twice. */
function dedupeKey(body: SessionEventBody): string {
  switch (body.type) {
    case 'utterance.final':
      return `utterance:${body.utterance.utterance_id}`;
    case 'session.created':
    case 'session.started':
    case 'session.ended':
      return body.type;
    case 'session.resumed':
      return `${body.type}:${body.time}`;
    case 'report.ready':
      return `${body.type}:${body.revision}`;
    case 'summary.ready':
      return `${body.type}:${body.index}:${body.revision ?? 1}`;
    case 'tool.called':
    case 'tool.finished':
      return `${body.type}:${body.call_id}`;
    default:
      return '';
  }
}

/**
 * The event log of sessions. An event is acknowledged (the promise resolves with its number) only when Redis has it.
 *
 * @throws AppError `invalid_request` for a body that is not of the contract (a bug of the writer); `unavailable` when Redis is away
 */
export class EventLog {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async append(sessionId: SessionId, body: SessionEventBody): Promise<number> {
    const parsed = sessionEventBodySchema.safeParse(body);
    if (!parsed.success) throw new AppError('invalid_request', `An event of type ${body.type} is not of its contract.`);
    return this.#write(APPEND, sessionId, parsed.data);
  }

  /**
   * Takes up the log of an ended session again, in one step: its keys no longer expire (an hour after the end they are gone),
   * numbers go on after `lastSeq`, `session.ended` may be said once more, and `session.resumed` is appended. Doing it again with
   * the same `time` does nothing and gives the number of the first time. Marks outside the log that say why the session ended
   * (presence, who is ending it) are the caller's to remove, before.
   *
   * @param lastSeq highest number Postgres has of this session, 0 without any; read after the session ended
   * @param time how often the session was taken up again, this time included: from 1
   */
  async reopen(sessionId: SessionId, { lastSeq, time }: { lastSeq: number; time: number }): Promise<number> {
    const body = sessionEventBodySchema.safeParse({ type: 'session.resumed', at: eventTime(), time });
    if (!body.success)
      throw new AppError('invalid_request', `A session is taken up again once or oftener, not ${time} times.`);
    return this.#write(REOPEN, sessionId, body.data, lastSeq);
  }

  async #write(script: string, sessionId: SessionId, body: SessionEventBody, ...more: number[]): Promise<number> {
    try {
      const seq = await this.#redis.eval(
        script,
        4,
        eventKeys.stream(sessionId),
        eventKeys.seq(sessionId),
        eventKeys.seen(sessionId),
        eventKeys.pending,
        JSON.stringify(body, withoutNul),
        dedupeKey(body),
        sessionId,
        Date.now(),
        eventKeys.appended,
        ...more,
      );
      return Number(seq);
    } catch (error) {
      throw new AppError('unavailable', 'The event log cannot be reached.', { cause: error, retryAfterS: 1 });
    }
  }

  /** Events with `seq > afterSeq` still in the stream, in order, at most `limit`. Invalid entries are left out. */
  async read(sessionId: SessionId, afterSeq: number, limit = 500): Promise<SessionEvent[]> {
    const entries = await this.#redis.xrange(eventKeys.stream(sessionId), `(${afterSeq}-0`, '+', 'COUNT', limit);
    return entries.flatMap((entry) => parseEntry(sessionId, entry[0], entry[1]) ?? []);
  }

  /** Shows a revisable hypothesis to whoever listens now; never stored. */
  async publishInterim(sessionId: SessionId, interim: Interim): Promise<void> {
    await this.#redis.publish(eventKeys.interims(sessionId), JSON.stringify(interimSchema.parse(interim)));
  }
}

/** Postgres keeps no NUL: with one in it an event would be accepted here and set aside there. */
const withoutNul = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll('\0', '') : value;

/** One stream entry as an event, or undefined when it is not of the contract (poison: the reader sets it aside). */
export function parseEntry(sessionId: SessionId, id: string, fields: readonly string[]): SessionEvent | undefined {
  const text = fields[fields.indexOf('event') + 1];
  try {
    const value: unknown = JSON.parse(text ?? '');
    const seq = Number(id.split('-', 1)[0]);
    return sessionEventSchema.safeParse({ ...(value as object), seq, session_id: sessionId }).data;
  } catch {
    return undefined;
  }
}

/** Now, as events write it: ISO 8601 UTC with milliseconds. */
export const eventTime = (date: Date = new Date()): string => date.toISOString();
