import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { eventKeys, type SessionEventBody } from '../contracts/events.ts';
import type { SessionId } from '../contracts/ids.ts';
import { EventLog, eventTime, parseEntry } from './event-log.ts';
import { newSessionId, newUtteranceId } from './ids.ts';

let redis: Redis;
let log: EventLog;
let id: SessionId;
beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
  log = new EventLog(redis);
});
beforeEach(() => {
  id = newSessionId();
});
afterAll(() => redis.disconnect());

const state = (): SessionEventBody => ({ type: 'state.changed', at: eventTime(), state: 'thinking' });
function utterance(utteranceId = newUtteranceId()): SessionEventBody {
  const words = { speaker: 'anna', role: 'user' as const, text: 'bonjour', start_ms: 0, end_ms: 900 };
  return { type: 'utterance.final', at: eventTime(), utterance: { utterance_id: utteranceId, ...words } };
}

test('events are numbered 1, 2, 3 and read back as they were written', async () => {
  const bodies = [state(), utterance(), state()];
  for (const [index, body] of bodies.entries()) expect(await log.append(id, body)).toBe(index + 1);
  expect(await log.read(id, 0)).toEqual(bodies.map((body, index) => ({ ...body, seq: index + 1, session_id: id })));
  expect((await log.read(id, 1, 1)).map((event) => event.seq)).toEqual([2]);
  expect(await log.read(id, 3)).toEqual([]);
});

test('a NUL, which Postgres cannot keep, is left out; what looks like one is not', async () => {
  const body = utterance();
  if (body.type !== 'utterance.final') throw new Error('not an utterance');
  await log.append(id, { ...body, utterance: { ...body.utterance, text: 'a\u0000b \\u0000' } });
  const [event] = await log.read(id, 0);
  expect(event).toMatchObject({ utterance: { text: 'ab \\u0000' } });
});

test('appending the same fact again gives the number of the first time and adds nothing', async () => {
  const first = utterance();
  const started: SessionEventBody = { type: 'session.started', at: eventTime() };
  const called: SessionEventBody = { type: 'tool.called', at: eventTime(), call_id: 'call-1', name: 'book' };
  const finished: SessionEventBody = {
    type: 'tool.finished',
    at: eventTime(),
    call_id: 'call-1',
    name: 'book',
    ok: true,
  };
  const bodies = [first, started, called, finished];
  for (const body of bodies) await log.append(id, body);
  expect(await Promise.all(bodies.map((body) => log.append(id, body)))).toEqual([1, 2, 3, 4]);
  expect(await redis.xlen(eventKeys.stream(id))).toBe(4);
});

test('events without an identity of their own are facts each time', async () => {
  expect([await log.append(id, state()), await log.append(id, state())]).toEqual([1, 2]);
});

test('a hundred writers at once get numbers without gaps, and retries of the same utterance one number', async () => {
  const seqs = await Promise.all(Array.from({ length: 100 }, () => log.append(id, state())));
  expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  const same = utterance();
  expect(new Set(await Promise.all(Array.from({ length: 20 }, () => log.append(id, same)))).size).toBe(1);
  expect(await redis.xlen(eventKeys.stream(id))).toBe(101);
});

test('an append marks the session pending since its oldest event and wakes who listens', async () => {
  const subscriber = redis.duplicate();
  await subscriber.subscribe(eventKeys.appended);
  const woken = new Promise<string>((resolve) => {
    subscriber.on('message', (_channel, sessionId: string) => sessionId === id && resolve(sessionId));
  });
  const beforeMs = Date.now();
  await log.append(id, state());
  const firstMs = Number(await redis.zscore(eventKeys.pending, id));
  expect(firstMs).toBeGreaterThanOrEqual(beforeMs);
  await log.append(id, state());
  expect(Number(await redis.zscore(eventKeys.pending, id))).toBe(firstMs);
  expect(await woken).toBe(id);
  subscriber.disconnect();
});

const ended = (): SessionEventBody => ({ type: 'session.ended', at: eventTime(), reason: 'requested' });
const keys = () => [eventKeys.stream(id), eventKeys.seq(id), eventKeys.seen(id)];

test('a log that is about to expire is taken up again: nothing expires, and its end may be said once more', async () => {
  await log.append(id, state());
  expect(await log.append(id, ended())).toBe(2);
  for (const key of keys()) await redis.pexpire(key, 60_000);
  expect(await log.reopen(id, { lastSeq: 2, time: 1 })).toBe(3);
  expect(await Promise.all(keys().map((key) => redis.pttl(key)))).toEqual([-1, -1, -1]);
  expect(await log.append(id, ended())).toBe(4);
  expect(await log.append(id, ended())).toBe(4);
  expect((await log.read(id, 0)).map((event) => event.type)).toEqual([
    'state.changed',
    'session.ended',
    'session.resumed',
    'session.ended',
  ]);
});

test('a log that has expired goes on after the last number Postgres has', async () => {
  expect(await log.reopen(id, { lastSeq: 812, time: 2 })).toBe(813);
  expect(await log.append(id, state())).toBe(814);
  expect(await log.read(id, 0)).toMatchObject([{ seq: 813, type: 'session.resumed', time: 2 }, { seq: 814 }]);
  expect(await redis.zscore(eventKeys.pending, id)).not.toBeNull();
  expect(await redis.hexists(eventKeys.seen(id), 'session.created')).toBe(1);
});

test('taking a log up again says it once for each time, also when asked twice at once', async () => {
  await log.append(id, ended());
  const twice = await Promise.all([1, 1].map((time) => log.reopen(id, { lastSeq: 1, time })));
  expect(twice).toEqual([2, 2]);
  // A retry that comes after the next end does not take that end back.
  await log.append(id, ended());
  expect(await log.reopen(id, { lastSeq: 3, time: 1 })).toBe(2);
  expect(await log.append(id, ended())).toBe(3);
  expect(await log.reopen(id, { lastSeq: 3, time: 2 })).toBe(4);
  await expect(log.reopen(id, { lastSeq: 4, time: 0 })).rejects.toThrow('not 0 times');
});

test('events that Postgres does not have yet keep their numbers when a log is taken up again', async () => {
  for (let count = 0; count < 3; count += 1) await log.append(id, state());
  await redis.del(eventKeys.seq(id));
  expect(await log.reopen(id, { lastSeq: 1, time: 1 })).toBe(4);
});

test('entries that are no events are left out when reading', async () => {
  await log.append(id, state());
  await redis.xadd(eventKeys.stream(id), '2-0', 'event', '{"type":"nonsense"}');
  await redis.xadd(eventKeys.stream(id), '3-0', 'other', 'x');
  expect((await log.read(id, 0)).map((event) => event.seq)).toEqual([1]);
  expect(parseEntry(id, '4-0', [])).toBeUndefined();
  expect(parseEntry(id, '5-0', ['event', 'null'])).toBeUndefined();
});

test('interims are published to the session and never stored', async () => {
  const subscriber = redis.duplicate();
  await subscriber.subscribe(eventKeys.interims(id));
  const heard = new Promise<string>((resolve) => {
    subscriber.on('message', (_channel, message: string) => resolve(message));
  });
  const interim = { type: 'utterance.interim' as const, at: eventTime(), speaker: 'anna', text: 'bonj' };
  await log.publishInterim(id, interim);
  expect(JSON.parse(await heard)).toEqual(interim);
  expect(await redis.exists(eventKeys.stream(id))).toBe(0);
  subscriber.disconnect();
});
