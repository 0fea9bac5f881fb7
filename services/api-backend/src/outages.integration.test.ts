import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { LivekitServer } from '@eloquence/testkit/livekit-server';
import { PostgresServer } from '@eloquence/testkit/postgres-server';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announce, startTestApp, type TestApp } from './testing/test-app.ts';
import { readSse, type SseMessage } from './testing/sse-client.ts';

let redis: RedisServer;
let postgres: PostgresServer;
let livekit: LivekitServer;
let database: TestDatabase;
let app: TestApp;
let origin: string;

beforeAll(async () => {
  [redis, postgres, livekit] = await Promise.all([
    RedisServer.start({ appendfsync: 'always' }),
    PostgresServer.start(),
    LivekitServer.start(),
  ]);
  database = await createTestDatabase(postgres.url);
  app = await startTestApp({ redisUrl: redis.url, databaseUrl: database.url, livekit });
  origin = await app.listen();
  await announce(app.redis);
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await Promise.all([redis, postgres, livekit].map((server) => server[Symbol.asyncDispose]()));
});

const open = () =>
  app.server.inject({ method: 'POST', url: '/api/sessions', payload: { user_id: 'u', scenario_id: 'coaching_vocal' } });

async function expectUnavailable(call: () => PromiseLike<{ json(): unknown; headers: object }>): Promise<void> {
  const startedMs = performance.now();
  const answer = await call();
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect(answer.json()).toMatchObject({ status: 503, code: 'unavailable' });
  expect(answer.headers).toHaveProperty('retry-after');
}

async function notReady(): Promise<string[]> {
  const { checks } = (await app.server.inject('/ready')).json<{ checks: { name: string; ok: boolean }[] }>();
  return checks.filter((check) => !check.ok).map((check) => check.name);
}

const back = () => waitFor(async () => (await app.server.inject('/ready')).statusCode === 200, { timeoutMs: 15_000 });

describe('when Redis is away', () => {
  it('refuses what needs it, reads the rest, keeps streams open and goes on by itself', async () => {
    const id = (await open()).json().session_id as string;
    const messages: SseMessage[] = [];
    const reading = (async () => {
      for await (const message of readSse(`${origin}/api/sessions/${id}/events`)) messages.push(message);
    })();
    await waitFor(() => messages.length === 1);
    await redis.kill();
    await expectUnavailable(open);
    expect((await app.server.inject(`/api/sessions/${id}`)).json()).toMatchObject({ session_id: id });
    await expectUnavailable(() => app.server.inject({ method: 'POST', url: `/api/sessions/${id}/end` }));
    expect(await notReady()).toEqual(['redis']);
    await redis.start();
    await back();
    await announce(app.redis);
    expect((await open()).statusCode).toBe(201);
    await new EventLog(app.redis).append(id, { type: 'session.started', at: eventTime() });
    await app.server.inject({ method: 'POST', url: `/api/sessions/${id}/end` });
    await reading;
    expect(messages.map((message) => message.event)).toEqual(['session.created', 'session.started', 'session.ended']);
  });

  it('is as quick when it hangs', async () => {
    redis.freeze();
    try {
      await expectUnavailable(open);
      await expectUnavailable(() => app.server.inject('/api/scenarios'));
      expect((await app.server.inject('/api/sessions')).statusCode).toBe(200);
    } finally {
      redis.thaw();
    }
    await back();
    expect((await open()).statusCode).toBe(201);
  });
});

describe('when Postgres is away', () => {
  it('says so and goes on by itself', async () => {
    await postgres.kill();
    await expectUnavailable(open);
    await expectUnavailable(() => app.server.inject('/api/sessions'));
    expect(await notReady()).toEqual(['postgres']);
    await postgres.start();
    await back();
    expect((await open()).statusCode).toBe(201);
  });
});

describe('when LiveKit is away', () => {
  it('opens nothing, ends what is asked, and closes the rooms later', async () => {
    const id = (await open()).json().session_id as string;
    const count = async () => (await app.pool.query('select 1 from sessions')).rowCount;
    const before = await count();
    await livekit.kill();
    await expectUnavailable(open);
    expect(await count()).toBe(before);
    expect(await notReady()).toEqual(['livekit']);
    const ended = await app.server.inject({ method: 'POST', url: `/api/sessions/${id}/end` });
    expect(ended.json().session).toMatchObject({ state: 'ended', end_reason: 'requested' });
    await livekit.start();
    await back();
    expect((await open()).statusCode).toBe(201);
  });
});
