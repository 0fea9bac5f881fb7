import { once } from 'node:events';
import { randomText } from '@eloquence/shared/runtime/ids';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { freePort } from '@eloquence/testkit/free-port';
import { PostgresServer } from '@eloquence/testkit/postgres-server';
import { ManagedProcess } from '@eloquence/testkit/processes';
import { waitFor } from '@eloquence/testkit/wait-for';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { announce, INTERNAL_KEY, redisDatabase, startTestApp, type TestApp } from './testing/test-app.ts';
import { readSse } from './testing/sse-client.ts';

const livekit = inject('livekit');
const redisUrl = redisDatabase(inject('redisUrl'), 8);
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});

afterAll(() => database[Symbol.asyncDispose]());

function run(env: Record<string, string>): ManagedProcess {
  return new ManagedProcess({
    name: 'api-backend',
    command: process.execPath,
    args: [new URL('main.ts', import.meta.url).pathname],
    env: {
      LOG_LEVEL: 'info',
      INTERNAL_API_KEY: INTERNAL_KEY,
      REDIS_URL: redisUrl,
      DATABASE_URL: database.url,
      LIVEKIT_URL: livekit.url,
      LIVEKIT_API_KEY: livekit.apiKey,
      LIVEKIT_API_SECRET: livekit.apiSecret,
      LLM_PROVIDER: 'demo',
      API_KEYS: '',
      ...env,
    },
  });
}

const status = async (url: string) => (await fetch(url)).status;

it('refuses to start open to a network, with exit code 2 and the fix', async () => {
  const main = run({ PUBLIC_ADDRESS: '0.0.0.0' });
  expect(await main.exited).toBe(2);
  expect(main.output).toMatch(/Set API_KEYS/);
  expect(main.output).not.toContain(INTERNAL_KEY);
});

it('prepares its database, serves, and on SIGTERM ends streams and itself cleanly', async () => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  await using main = run({ PORT: String(port) });
  await main.ready(async () => (await status(`${origin}/ready`)) === 200);
  const redis = new Redis(redisUrl);
  await announce(redis);
  await redis.quit();
  const created = await fetch(`${origin}/api/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: 'u', scenario_id: 'coaching_vocal' }),
  });
  const { session_id: id } = (await created.json()) as { session_id: string };
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { event = '' } of readSse(`${origin}/api/sessions/${id}/events`)) seen.push(event);
  })();
  await waitFor(() => seen.length === 1);
  const startedMs = performance.now();
  expect(await main.stop('SIGTERM', 8_000)).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  // The answer was ended, not cut: reading rejects otherwise.
  await reading;
  expect(seen).toEqual(['session.created']);
  expect(main.output).not.toMatch(/closing failed/);
});

it('waits for a Postgres that comes later', async () => {
  await using postgres = await PostgresServer.start();
  await postgres.kill();
  const port = await freePort();
  await using main = run({ PORT: String(port), DATABASE_URL: postgres.url });
  await main.ready(async () => (await status(`http://127.0.0.1:${port}/health`)) === 200);
  expect(await status(`http://127.0.0.1:${port}/ready`)).toBe(503);
  expect(await status(`http://127.0.0.1:${port}/api/sessions`)).toBe(503);
  await postgres.start();
  await waitFor(async () => (await status(`http://127.0.0.1:${port}/api/sessions`)) === 200, { timeoutMs: 15_000 });
});

it('closes in order: streams end, then requests at work are answered, then connections go', async () => {
  const app = await startTestApp({ redisUrl, databaseUrl: database.url, livekit });
  const origin = await app.listen();
  await announce(app.redis);
  const order: string[] = [];
  app.redis.on('close', () => order.push('redis'));
  const open = (key: string) =>
    fetch(`${origin}/api/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ user_id: 'u', scenario_id: 'coaching_vocal' }),
    });
  const { session_id: id } = (await (await open('first')).json()) as { session_id: string };
  let streaming = false;
  const reading = (async () => {
    for await (const { event } of readSse(`${origin}/api/sessions/${id}/events`)) streaming ||= event !== undefined;
    order.push('stream');
  })();
  await waitFor(() => streaming);
  // A twin of a request that never finished: it is at work for two seconds.
  const twin = `ses_${randomText(20)}`;
  await app.pool.query(`insert into sessions (session_id, user_id, scenario_id, language, room_name, state)
     values ('${twin}', 'u', 'coaching_vocal', 'fr', '${twin}', 'created')`);
  await app.pool
    .query(`insert into idempotency_keys select tenant, 'stuck', request_hash, '${twin}' from idempotency_keys
     where key = 'first'`);
  const received = once(app.server.server, 'request');
  const stuck = (async () => {
    const { status: answered } = await open('stuck');
    order.push(`answer ${answered}`);
  })();
  await received;
  expect((await app.server.inject('/metrics')).body).toContain('eloquence_sse_clients 1');
  await app[Symbol.asyncDispose]();
  await Promise.all([reading, stuck]);
  await waitFor(() => order.length === 3);
  expect(order).toEqual(['stream', 'answer 503', 'redis']);
});

const withKeys = (keys: string) =>
  startTestApp({ redisUrl, databaseUrl: database.url, livekit, env: { API_KEYS: keys } });

it('gives the sessions of a key to its name at the start, so that a key in its place finds them', async () => {
  const [old, next, other] = ['key-that-was-stolen-1', 'key-in-its-place-now-2', 'key-of-somebody-else-3'];
  const statusOf = async (app: TestApp, key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    return (await app.server.inject({ url: `/api/sessions/${id}`, headers })).statusCode;
  };
  await using before = await withKeys(old);
  await announce(before.redis);
  const opened = await before.server.inject({
    method: 'POST',
    url: '/api/sessions',
    headers: { authorization: `Bearer ${old}` },
    payload: { user_id: 'rotating', scenario_id: 'meeting' },
  });
  const { session_id: id } = opened.json();

  const port = await freePort();
  await using main = run({ PORT: String(port), API_KEYS: `ventes:${old}` });
  await main.ready(async () => (await status(`http://127.0.0.1:${port}/ready`)) === 200, 50_000);

  await using after = await withKeys(`ventes:${next},autre:${other}`);
  expect(await statusOf(after, next)).toBe(200);
  expect(await statusOf(after, other)).toBe(404);
  expect(await statusOf(after, old)).toBe(401);
}, 80_000);
