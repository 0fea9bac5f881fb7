import { createSessionResponseSchema } from '@eloquence/shared/contracts/sessions';
import { sessionUsageSchema, tenantUsageSchema } from '@eloquence/shared/contracts/usage';
import { PostgresServer } from '@eloquence/testkit/postgres-server';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { announce, INTERNAL_KEY, redisDatabase, startTestApp, type TestApp } from '../../testing/test-app.ts';

const [MARIE, PAUL] = ['the-key-of-marie-here', 'the-key-of-paul-there'];
const livekit = inject('livekit');
const prices = { currency: 'EUR', models: { 'demo/demo-coach': { input: 1, output: 10 } } };

let postgres: PostgresServer;
let database: TestDatabase;
let app: TestApp;
const start = (env: Readonly<Record<string, string>> = {}) =>
  startTestApp({
    redisUrl: redisDatabase(inject('redisUrl'), 9),
    databaseUrl: database.url,
    livekit,
    env: {
      API_KEYS: `${MARIE},${PAUL}`,
      LLM_PRICES: JSON.stringify(prices),
      LLM_SESSION_REQUESTS_PER_MINUTE: '4',
      ...env,
    },
  });

beforeAll(async () => {
  postgres = await PostgresServer.start();
  database = await createTestDatabase(postgres.url);
  app = await start();
  await app.redis.flushdb();
  await announce(app.redis);
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const get = (url: string, key: string) => app.server.inject({ url, headers: bearer(key) });

async function openSession(key: string): Promise<string> {
  const payload = { user_id: 'marie', scenario_id: 'coaching_vocal' };
  const answer = await app.server.inject({ method: 'POST', url: '/api/sessions', headers: bearer(key), payload });
  return createSessionResponseSchema.parse(answer.json()).session_id;
}

async function think(key: string, session?: string) {
  const headers = { ...bearer(key), ...(session !== undefined && { 'x-session-id': session }) };
  const payload = { messages: [{ role: 'user', content: 'Donnez-moi un conseil' }] };
  return app.server.inject({ method: 'POST', url: '/v1/chat/completions', headers, payload });
}

const sessionUsage = async (id: string, key: string) =>
  sessionUsageSchema.parse((await get(`/api/sessions/${id}/usage`, key)).json());
const tenantUsage = async (key: string, query = '') =>
  tenantUsageSchema.parse((await get(`/api/usage${query}`, key)).json());
const counted = (id: string, requests: number) =>
  waitFor(async () => (await sessionUsage(id, MARIE)).total.requests === requests, { what: `${requests} calls` });

describe('usage', () => {
  it('is put on the session that was named, and on the tenant that opened it', async () => {
    const id = await openSession(MARIE);
    expect((await think(INTERNAL_KEY, id)).statusCode).toBe(200);
    expect((await think(MARIE, id)).statusCode).toBe(200);
    await counted(id, 2);
    const { lines, total } = await sessionUsage(id, MARIE);
    expect(lines).toMatchObject([{ purpose: 'talk', provider: 'demo', model: 'demo-coach', currency: 'EUR' }]);
    const cost = (total.prompt_tokens + 10 * total.completion_tokens) / 1e6;
    expect(total.completion_tokens).toBeGreaterThan(0);
    expect(lines[0]?.cost).toBeCloseTo(cost, 9);
    expect(total.costs).toEqual([{ currency: 'EUR', amount: expect.closeTo(cost, 9) }]);
    const day = new Date().toISOString().slice(0, 10);
    const marie = await tenantUsage(MARIE);
    expect(marie.days.map((one) => [one.day, one.requests])).toEqual([[day, 2]]);
    expect(marie.total).toEqual(total);
    expect(marie.to).toBe(day);
    expect((await tenantUsage(PAUL)).total).toMatchObject({ requests: 0, costs: [] });
    expect((await app.server.inject('/metrics')).body).toMatch(
      /eloquence_llm_cost_total\{provider="demo",purpose="talk"\} 0\.000\d+/,
    );
  });

  it('of a session is for its own tenant only', async () => {
    const id = await openSession(MARIE);
    for (const answer of [await get(`/api/sessions/${id}/usage`, PAUL), await think(PAUL, id)]) {
      expect(answer.json()).toMatchObject({ status: 404, code: 'not_found' });
    }
    expect((await get(`/api/sessions/${id}/usage`, 'nobody')).statusCode).toBe(401);
    expect((await get('/api/usage', INTERNAL_KEY)).statusCode).toBe(401);
    expect((await sessionUsage(id, MARIE)).total.requests).toBe(0);
  });

  it('is limited per session, and the answer says by what and until when', async () => {
    const id = await openSession(MARIE);
    const answers = await Promise.all(Array.from({ length: 6 }, () => think(INTERNAL_KEY, id)));
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    expect(refused).toHaveLength(2);
    expect(refused[0]?.json()).toMatchObject({
      code: 'rate_limited',
      retryable: true,
      detail: expect.stringMatching(/LLM_SESSION_REQUESTS_PER_MINUTE/),
    });
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(30);
    expect((await think(INTERNAL_KEY)).statusCode).toBe(200);
    expect((await app.server.inject('/metrics')).body).toContain(
      'eloquence_llm_refused_total{reason="session_requests"} 2',
    );
  });

  it('outlives its session on the bill of the tenant', async () => {
    const before = (await tenantUsage(MARIE)).total.requests;
    const id = await openSession(MARIE);
    await think(INTERNAL_KEY, id);
    await counted(id, 1);
    await app.server.inject({ method: 'DELETE', url: `/api/sessions/${id}`, headers: bearer(MARIE) });
    expect((await get(`/api/sessions/${id}/usage`, MARIE)).statusCode).toBe(404);
    await waitFor(async () => (await tenantUsage(MARIE)).total.requests > before, { what: 'the bill' });
    const { rows } = await app.pool.query('select count(*)::int as left from llm_usage where session_id = $1', [id]);
    expect(rows).toEqual([{ left: 0 }]);
  });

  it('is asked for by days', async () => {
    expect((await tenantUsage(MARIE, '?from=2020-01-01&to=2020-02-01')).days).toEqual([]);
    const wrong = await get('/api/usage?from=2026-02-01&to=2026-01-01', MARIE);
    expect(wrong.json()).toMatchObject({ status: 400, code: 'invalid_request' });
    const far = tenantUsageSchema.parse((await get('/api/usage?from=2090-01-01', MARIE)).json());
    expect(far).toMatchObject({ from: '2090-01-01', to: '2090-01-01', days: [] });
    expect(await tenantUsage(MARIE, '?to=2020-01-30')).toMatchObject({ from: '2020-01-01', to: '2020-01-30' });
    for (const query of ['from=0000-01-01', 'to=0000-01-01', 'to=0001-01-10', 'from=0001-01-01', 'from=2001-01-01'])
      expect([query, (await get(`/api/usage?${query}`, MARIE)).statusCode]).toEqual([query, 400]);
    expect((await get('/api/usage?from=2001-01-01', MARIE)).json()).toMatchObject({
      detail: expect.stringMatching(/from must not be after to \(by default today\), and at most 366 days/),
    });
  });

  it('of our own services is on the bill that can be asked for where there are no keys', async () => {
    const [keyed, open] = [app, await start({ API_KEYS: '' })];
    try {
      app = open;
      const before = tenantUsageSchema.parse((await app.server.inject('/api/usage')).json()).total.requests;
      expect((await think(INTERNAL_KEY)).statusCode).toBe(200);
      const counts = async () => tenantUsageSchema.parse((await app.server.inject('/api/usage')).json()).total.requests;
      await waitFor(async () => (await counts()) === before + 1, { what: 'the call on the bill' });
    } finally {
      app = keyed;
      await open[Symbol.asyncDispose]();
    }
  });

  it('is in the documentation of the API', async () => {
    const docs = (await app.server.inject('/docs/json')).json<{ paths: Record<string, unknown> }>();
    expect(Object.keys(docs.paths)).toEqual(expect.arrayContaining(['/api/usage', '/api/sessions/{session_id}/usage']));
  });

  it('of answers given while Postgres is away is written when it is back, and of the last ones when the service closes', async () => {
    const id = await openSession(MARIE);
    await think(INTERNAL_KEY, id);
    await counted(id, 1);
    await postgres.kill();
    expect((await think(INTERNAL_KEY, id)).statusCode).toBe(200);
    expect((await get(`/api/sessions/${id}/usage`, MARIE)).statusCode).toBe(503);
    await postgres.start();
    await counted(id, 2);
    await think(INTERNAL_KEY, id);
    await app[Symbol.asyncDispose]();
    app = await start();
    expect((await sessionUsage(id, MARIE)).total.requests).toBe(3);
  });
});
