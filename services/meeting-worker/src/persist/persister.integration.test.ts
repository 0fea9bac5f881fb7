import { eventKeys } from '@eloquence/shared/contracts/events';
import { migrate } from '@eloquence/shared/runtime/postgres';
import { createTestDatabase } from '@eloquence/testkit/database';
import '@eloquence/testkit/integration-setup';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { at, silent, startWorker, Stores, utterance, type Addresses } from '../test-support/worker-under-test.ts';

// A Redis of its own: the pending set is one for all sessions, also for those of other test files.
let stack: AsyncDisposableStack;
let addresses: Addresses;
let stores: Stores;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const redis = stack.use(await RedisServer.start());
  const database = stack.use(await createTestDatabase(inject('databaseUrl')));
  addresses = { redisUrl: redis.url, databaseUrl: database.url };
  stores = stack.use(new Stores(addresses));
  await migrate(stores.pool, silent);
});
afterEach(() => stack.disposeAsync());

const settled = () =>
  waitFor(async () => (await stores.redis.zcard(eventKeys.pending)) === 0, { what: 'nothing pending' });

test('events reach Postgres as events, utterances and session state, and only then leave the pending set', async () => {
  await using worker = await startWorker(addresses);
  const id = await stores.openSession();
  const startedAt = '2026-11-21T10:00:00.000Z';
  await stores.log.append(id, { type: 'session.created', at: at(), scenario_id: 'coaching_vocal', language: 'fr' });
  await stores.log.append(id, { type: 'participant.joined', at: at(), identity: 'anna', kind: 'person' });
  await stores.log.append(id, { type: 'session.started', at: startedAt });
  await stores.log.append(id, utterance('bonjour à tous', 1200));
  await settled();

  expect(await stores.rows('select seq, type from events where session_id = $1 order by seq', id)).toEqual([
    { seq: 1, type: 'session.created' },
    { seq: 2, type: 'participant.joined' },
    { seq: 3, type: 'session.started' },
    { seq: 4, type: 'utterance.final' },
  ]);
  expect(await stores.rows('select seq, speaker, role, text, start_ms, end_ms, words from utterances')).toEqual([
    { seq: 4, speaker: 'anna', role: 'user', text: 'bonjour à tous', start_ms: 1200, end_ms: 2100, words: null },
  ]);
  const [row] = await stores.rows('select state, started_at from sessions where session_id = $1', id);
  expect(row).toEqual({ state: 'active', started_at: new Date(startedAt) });
  // Acknowledged, and still in the stream for those who follow it.
  expect(await stores.redis.xpending(eventKeys.stream(id), eventKeys.persistGroup)).toEqual([0, null, null, null]);
  expect(await stores.redis.xlen(eventKeys.stream(id))).toBe(4);
  expect(await worker.metric('eloquence_events_persisted_total{type="utterance.final"}')).toBe(1);
});

test('a body is stored as it was written, without position and session', async () => {
  stack.use(await startWorker(addresses));
  const id = await stores.openSession();
  const body = { type: 'state.changed' as const, at: at(), state: 'thinking' as const };
  await stores.log.append(id, body);
  await settled();
  expect(await stores.rows('select body from events where session_id = $1', id)).toEqual([{ body }]);
});

test('events of before the worker, and events whose wake-up was lost, are found by the sweep', async () => {
  const id = await stores.openSession();
  await stores.log.append(id, utterance('avant'));
  await using worker = await startWorker(addresses);
  await settled();
  expect(await stores.count('events', id)).toBe(1);

  // As the event log appends, without its PUBLISH.
  await stores.redis.incr(eventKeys.seq(id));
  await stores.redis.xadd(eventKeys.stream(id), '2-0', 'event', JSON.stringify(utterance('après')));
  await stores.redis.zadd(eventKeys.pending, Date.now() - 3_000, id);
  await settled();
  expect(await stores.count('events', id)).toBe(2);
  await waitFor(async () => (await worker.metric('eloquence_events_lag_seconds')) === 0);
});

test('an entry that is no event is set aside with its raw text and holds up nothing', async () => {
  await using worker = await startWorker(addresses);
  const id = await stores.openSession();
  await stores.log.append(id, utterance('un'));
  await settled();
  await stores.redis.set(eventKeys.seq(id), 4);
  await stores.redis.xadd(eventKeys.stream(id), '2-0', 'event', '{"type":"utterance.final"');
  await stores.redis.xadd(
    eventKeys.stream(id),
    '3-0',
    'event',
    '{"type":"from.the.future","at":"2026-01-01T00:00:00.000Z"}',
  );
  await stores.redis.xadd(eventKeys.stream(id), '4-0', 'other', 'field');
  await stores.log.append(id, utterance('deux'));
  await settled();
  expect(await stores.rows('select stream_id, raw from poison_events order by stream_id')).toEqual([
    { stream_id: '2-0', raw: '{"type":"utterance.final"' },
    { stream_id: '3-0', raw: '{"type":"from.the.future","at":"2026-01-01T00:00:00.000Z"}' },
    { stream_id: '4-0', raw: '["other","field"]' },
  ]);
  expect(await stores.count('utterances', id)).toBe(2);
  expect(await worker.metric('eloquence_events_poison_total')).toBe(3);
});

test('an event of the contract that Postgres cannot hold is set aside, its neighbours are stored', async () => {
  const id = await stores.openSession();
  await stores.log.append(id, utterance('un'));
  await stores.log.append(id, utterance('trop loin', 4_000_000_000));
  await stores.log.append(id, utterance('trop tard', 3_000_000_000));
  await stores.log.append(id, utterance('deux'));
  await using worker = await startWorker(addresses);
  await settled();
  expect(await stores.rows('select seq, text from utterances order by seq')).toEqual([
    { seq: 1, text: 'un' },
    { seq: 4, text: 'deux' },
  ]);
  expect(await stores.rows('select stream_id from poison_events order by stream_id')).toHaveLength(2);
  expect(await worker.metric('eloquence_events_poison_total')).toBe(2);
});

test.each([
  ['removed', 'delete from sessions where session_id = $1'],
  ['marked deleted', 'update sessions set deleted_at = now() where session_id = $1'],
])('nothing is kept of a session whose row was %s', async (_how, statement) => {
  const id = await stores.openSession();
  await stores.rows(statement, id);
  await stores.log.append(id, utterance('secret'));
  await stores.log.append(id, utterance('secret aussi'));
  await using worker = await startWorker(addresses);
  await settled();
  expect(await stores.count('events', id)).toBe(0);
  expect(await stores.count('utterances', id)).toBe(0);
  expect(await worker.metric('eloquence_events_dropped_total{reason="session_deleted"}')).toBe(2);
  const ttlMs = await waitFor(async () => {
    const left = await stores.redis.pttl(eventKeys.stream(id));
    return left > 0 && left;
  });
  expect(ttlMs).toBeLessThanOrEqual(60_000);
});

test('the same entries handed out twice are stored once', async () => {
  const id = await stores.openSession();
  await stores.log.append(id, { type: 'session.started', at: at() });
  await stores.log.append(id, utterance('une fois'));
  const first = await startWorker(addresses);
  await settled();
  await first[Symbol.asyncDispose]();
  await stores.redis.xgroup('SETID', eventKeys.stream(id), eventKeys.persistGroup, '0');
  await stores.redis.zadd(eventKeys.pending, Date.now(), id);
  await using worker = await startWorker(addresses);
  await settled();
  expect(await stores.count('events', id)).toBe(2);
  expect(await stores.count('utterances', id)).toBe(1);
  expect(await worker.metric('eloquence_events_persisted_total{type="utterance.final"}')).toBe(0);
});

test('entries a dead worker took and never acknowledged are taken over', async () => {
  const id = await stores.openSession();
  await stores.log.append(id, utterance('pris'));
  await stores.redis.xgroup('CREATE', eventKeys.stream(id), eventKeys.persistGroup, '0');
  const key = eventKeys.stream(id);
  await stores.redis.xreadgroup('GROUP', eventKeys.persistGroup, 'dead', 'STREAMS', key, '>');
  await stores.log.append(id, utterance('libre'));
  stack.use(await startWorker(addresses, { claimIdleMs: 300 }));
  await settled();
  expect(await stores.count('utterances', id)).toBe(2);
});

test('a name among the pending that is no session is thrown out', async () => {
  await stores.redis.zadd(eventKeys.pending, 1, 'not-a-session');
  stack.use(await startWorker(addresses));
  await settled();
  expect(await stores.redis.exists(eventKeys.pending)).toBe(0);
});

test('two workers at once copy 1,000 events of 20 sessions exactly once', async () => {
  await using one = await startWorker(addresses);
  await using two = await startWorker(addresses);
  const ids = await Promise.all(Array.from({ length: 20 }, () => stores.openSession()));
  await Promise.all(
    ids.map(async (id) => {
      for (let index = 0; index < 50; index += 1)
        await stores.log.append(id, utterance(`phrase ${index}`, index * 1000));
    }),
  );
  await settled();
  for (const id of ids) {
    const rows = await stores.rows('select seq, text from utterances where session_id = $1 order by seq', id);
    expect(rows.map((row) => row['seq'])).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(rows.map((row) => row['text'])).toEqual(Array.from({ length: 50 }, (_, index) => `phrase ${index}`));
    expect(await stores.count('events', id)).toBe(50);
  }
  const line = 'eloquence_events_persisted_total{type="utterance.final"}';
  const shares = [await one.metric(line), await two.metric(line)];
  expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBe(1000);
  expect(Math.min(...shares)).toBeGreaterThan(0);
});
