import { readinessSchema } from '@eloquence/shared/contracts/engine';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { migrate } from '@eloquence/shared/runtime/postgres';
import { createTestDatabase } from '@eloquence/testkit/database';
import { freePort } from '@eloquence/testkit/free-port';
import { PostgresServer } from '@eloquence/testkit/postgres-server';
import { ManagedProcess } from '@eloquence/testkit/processes';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { at, silent, startWorker, Stores, utterance, type Addresses } from './test-support/worker-under-test.ts';

let stack: AsyncDisposableStack;
let redis: RedisServer;
let postgres: PostgresServer;
let addresses: Addresses;
let stores: Stores;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  redis = stack.use(await RedisServer.start({ appendfsync: 'always' }));
  postgres = stack.use(await PostgresServer.start());
  const database = await createTestDatabase(postgres.url);
  addresses = { redisUrl: redis.url, databaseUrl: database.url };
  stores = stack.use(new Stores(addresses));
  await migrate(stores.pool, silent);
});
afterEach(() => stack.disposeAsync());

/** Says one utterance after the other until told to stop, as an agent does: an append that fails is made again. */
function talk(sessionId: SessionId) {
  const acknowledged: string[] = [];
  const hush = new AbortController();
  const say = async () => {
    for (let number = 1; !hush.signal.aborted; number += 1) {
      const body = utterance(`phrase ${number}`, number * 10);
      await waitFor(() => stores.log.append(sessionId, body), { timeoutMs: 20_000, intervalMs: 20 });
      if (body.type === 'utterance.final') acknowledged.push(body.utterance.utterance_id);
    }
  };
  const done = say();
  return {
    acknowledged,
    stop: async () => {
      hush.abort();
      await done;
    },
  };
}

async function expectAllOnce(sessionId: SessionId, acknowledged: readonly string[]): Promise<void> {
  const stored = async () => (await stores.count('utterances', sessionId)) >= acknowledged.length;
  await waitFor(stored, { what: 'all acknowledged utterances in Postgres', timeoutMs: 20_000, intervalMs: 100 });
  const rows = await stores.rows('select utterance_id from utterances where session_id = $1 order by seq', sessionId);
  expect(rows.map((row) => row['utterance_id'])).toEqual(acknowledged);
  const events = await stores.rows('select seq from events where session_id = $1 order by seq', sessionId);
  expect(events.map((row) => row['seq'])).toEqual(acknowledged.map((_, index) => index + 1));
}

async function readiness(app: Awaited<ReturnType<typeof startWorker>>['app']) {
  const answer = await app.service.inject({ method: 'GET', url: '/ready' });
  const { checks } = readinessSchema.parse(answer.json());
  return { status: answer.statusCode, down: checks.filter((check) => !check.ok).map((check) => check.name) };
}

test('Redis killed in mid-call and restarted: every acknowledged utterance is in Postgres exactly once', async () => {
  await using worker = await startWorker(addresses);
  await worker.running;
  const id = await stores.openSession();
  const speaker = talk(id);
  await waitFor(() => speaker.acknowledged.length > 50);
  await redis.kill();
  await waitFor(async () => (await readiness(worker.app)).down.includes('redis'));
  expect(await readiness(worker.app)).toEqual({ status: 503, down: ['redis'] });
  await redis.start();
  const before = speaker.acknowledged.length;
  await waitFor(() => speaker.acknowledged.length > before + 50, { timeoutMs: 15_000 });
  await speaker.stop();
  await expectAllOnce(id, speaker.acknowledged);
  await waitFor(async () => (await readiness(worker.app)).status === 200);
});

test('Postgres killed in mid-call and restarted: every acknowledged utterance is there exactly once', async () => {
  await using worker = await startWorker(addresses);
  await worker.running;
  const id = await stores.openSession();
  const speaker = talk(id);
  await waitFor(() => speaker.acknowledged.length > 50);
  await postgres.kill();
  expect(await readiness(worker.app)).toEqual({ status: 503, down: ['postgres'] });
  const before = speaker.acknowledged.length;
  await waitFor(() => speaker.acknowledged.length > before + 50, { timeoutMs: 15_000 });
  await waitFor(async () => (await worker.metric('eloquence_events_lag_seconds')) > 0, { timeoutMs: 15_000 });
  await postgres.start();
  await speaker.stop();
  await expectAllOnce(id, speaker.acknowledged);
  expect(await readiness(worker.app)).toEqual({ status: 200, down: [] });
});

test('a worker that starts before Redis and Postgres is alive, says what it waits for, and then works', async () => {
  const id = await stores.openSession();
  await stores.log.append(id, utterance('en attente'));
  await redis.kill();
  await postgres.kill();
  await using worker = await startWorker(addresses);
  expect((await worker.app.service.inject({ method: 'GET', url: '/health' })).statusCode).toBe(200);
  expect(await readiness(worker.app)).toEqual({ status: 503, down: ['redis', 'postgres'] });
  await postgres.start();
  await redis.start();
  await worker.running;
  await waitFor(async () => (await stores.count('utterances', id)) === 1, { timeoutMs: 15_000 });
  await waitFor(async () => (await readiness(worker.app)).status === 200, { timeoutMs: 15_000 });
});

/** The worker as its own process. */
async function spawnWorker(): Promise<ManagedProcess> {
  const port = await freePort();
  const child = new ManagedProcess({
    name: 'meeting-worker',
    command: process.execPath,
    args: [new URL('main.ts', import.meta.url).pathname],
    env: {
      REDIS_URL: addresses.redisUrl,
      DATABASE_URL: addresses.databaseUrl,
      PORT: String(port),
      INTERNAL_API_KEY: 'an internal key for tests',
      LOG_LEVEL: 'info',
    },
  });
  return child.ready(async () => (await fetch(`http://127.0.0.1:${port}/ready`)).ok);
}

test('a worker killed in mid-batch loses nothing: the next one has all of it within ten seconds', async () => {
  const id = await stores.openSession();
  const first = await spawnWorker();
  const speaker = talk(id);
  await waitFor(() => speaker.acknowledged.length > 100);
  await first.kill();
  const acknowledged = speaker.acknowledged.length;
  await using second = await spawnWorker();
  await waitFor(async () => (await stores.count('utterances', id)) >= acknowledged, { timeoutMs: 10_000 });
  await speaker.stop();
  await expectAllOnce(id, speaker.acknowledged);
  expect(second.alive).toBe(true);
  expect(second.output).not.toContain('phrase');
});

test('SIGTERM: the worker finishes what it has taken and ends with code 0', async () => {
  const id = await stores.openSession();
  const worker = await spawnWorker();
  await stores.log.append(id, { type: 'session.started', at: at() });
  for (let index = 0; index < 200; index += 1) await stores.log.append(id, utterance(`phrase ${index}`));
  expect(await worker.stop('SIGTERM', 10_000)).toBe(0);
  // What it had not taken yet waits in Redis for the next one; nothing is held by the one that left.
  await using next = await startWorker(addresses);
  await next.running;
  await waitFor(async () => (await stores.count('utterances', id)) === 200, { timeoutMs: 3_000 });
});
