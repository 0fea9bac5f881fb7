import { once } from 'node:events';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AWAY, INTERNAL_KEY, startTestApp, type TestApp } from './testing/test-app.ts';

const body = { user_id: 'u1', scenario_id: 'coaching_vocal' };
const session = '/api/sessions/ses_aaaaaaaaaaaaaaaaaaaa';
let app: TestApp;
let webRoot: string;
let origin: string;

const post = (payload: unknown, headers: Record<string, string> = {}) =>
  app.server.inject({
    method: 'POST',
    url: '/api/sessions',
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    headers: { 'content-type': 'application/json', ...headers },
  });

const change = (headers: Record<string, string>) =>
  app.server.inject({
    method: 'POST',
    url: '/api/sessions',
    payload: {},
    headers: { host: 'localhost:8000', ...headers },
  });

beforeAll(async () => {
  webRoot = await mkdtemp(join(tmpdir(), 'web-'));
  app = await startTestApp({ ...AWAY, migrate: false, env: { WEB_ROOT: webRoot } });
  origin = await app.listen();
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await rm(webRoot, { recursive: true });
});

describe('with Redis, Postgres and LiveKit away', () => {
  it('answers 503 with Retry-After within 3 s, everywhere', async () => {
    const calls = [
      { method: 'POST', url: '/api/sessions', payload: body },
      { method: 'POST', url: '/api/sessions', payload: body, headers: { 'idempotency-key': 'k' } },
      { method: 'POST', url: '/api/livekit/token', payload: {} },
      { method: 'GET', url: '/api/sessions' },
      { method: 'GET', url: '/api/scenarios' },
      { method: 'GET', url: session },
      { method: 'DELETE', url: session },
      { method: 'POST', url: `${session}/token` },
      { method: 'POST', url: `${session}/end` },
      { method: 'GET', url: `${session}/events` },
      { method: 'GET', url: `${session}/transcript.srt` },
    ] as const;
    await Promise.all(
      calls.map(async (call) => {
        const startedMs = performance.now();
        const answer = await app.server.inject(call);
        const name = `${call.method} ${call.url}`;
        expect(performance.now() - startedMs, name).toBeLessThan(3_000);
        expect(answer.statusCode, name).toBe(503);
        expect(problemSchema.parse(answer.json()), name).toMatchObject({ code: 'unavailable', retryable: true });
        expect(Number(answer.headers['retry-after']), name).toBeGreaterThan(0);
        expect(answer.headers['content-type'], name).toMatch('application/problem+json');
      }),
    );
  });

  it('is alive, not ready, and says what is missing', async () => {
    expect((await app.server.inject('/health')).json()).toEqual({ status: 'ok' });
    const ready = await app.server.inject('/ready');
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toMatchObject({
      status: 'not_ready',
      checks: [
        { name: 'redis', ok: false },
        { name: 'postgres', ok: false },
        { name: 'migrations', ok: true },
        { name: 'livekit', ok: false },
        { name: 'model', ok: true, detail: 'demo/demo-coach answers; no model for summarise, synthesise, judge' },
      ],
      engine: { demo: true },
    });
  });

  it('says who thinks, and that nobody listens or speaks', async () => {
    const engines = (await app.server.inject('/api/engines')).json();
    expect(engines).toMatchObject({ stt: null, llm: { demo: true }, tts: null });
  });
});

it('answers 503 within 3 s when they take connections and never answer', async () => {
  const sockets = new Set<Socket>();
  const hole = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await once(hole.listen(0, '127.0.0.1'), 'listening');
  const address = `127.0.0.1:${(hole.address() as AddressInfo).port}`;
  const hung = await startTestApp({
    redisUrl: `redis://${address}`,
    databaseUrl: `postgres://u@${address}/x`,
    livekit: { ...AWAY.livekit, url: `ws://${address}` },
    migrate: false,
  });
  try {
    const calls = [
      { method: 'POST', url: '/api/sessions', payload: body },
      { method: 'POST', url: '/api/sessions', payload: body, headers: { 'idempotency-key': 'k' } },
      { method: 'GET', url: '/api/scenarios' },
      { method: 'GET', url: `${session}/events` },
      { method: 'POST', url: `${session}/end` },
    ] as const;
    for (const answer of await Promise.all(calls.map((call) => timed(() => hung.server.inject(call))))) {
      expect(answer.result.statusCode).toBe(503);
      expect(answer.tookMs).toBeLessThan(3_000);
    }
    const alive = await timed(() => hung.server.inject('/health'));
    expect(alive.tookMs).toBeLessThan(200);
  } finally {
    for (const socket of sockets) socket.destroy();
    hole.close();
    await hung[Symbol.asyncDispose]();
  }
});

async function timed<T>(task: () => PromiseLike<T>): Promise<{ readonly result: T; readonly tookMs: number }> {
  const startedMs = performance.now();
  const result = await task();
  return { result, tookMs: performance.now() - startedMs };
}

describe('a request that is not valid', () => {
  it.each([
    ['no members', {}, 'user_id'],
    ['a user id that is a number', { ...body, user_id: 7 }, 'user_id'],
    ['a user id with a space', { ...body, user_id: "x' or 1=1" }, 'user_id'],
    ['a scenario that is an object', { ...body, scenario_id: {} }, 'scenario_id'],
    ['a language nobody speaks', { ...body, language: 'de' }, 'language'],
    ['an unknown member', { ...body, langauge: 'fr' }, 'langauge'],
    ['a wrong option', { ...body, options: { keyterms: 'x' } }, 'keyterms'],
    ['a list', [body], 'object'],
    ['null', null, 'body'],
  ])('is refused with 400 and the member at fault: %s', async (_name, payload, member) => {
    const answer = await post(payload);
    expect(answer.statusCode).toBe(400);
    expect(problemSchema.parse(answer.json())).toMatchObject({ code: 'invalid_request', fault: 'caller' });
    expect(answer.json().detail).toContain(member);
  });

  it('is refused when it is no JSON, empty, of another type, or too large', async () => {
    for (const text of ['{"user_id":', 'nonsense', '{"__proto__":{"x":1}}', '']) {
      expect((await post(text)).json(), text).toMatchObject({ status: 400, code: 'invalid_request' });
    }
    expect((await post('<x/>', { 'content-type': 'application/xml' })).json()).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
    });
    expect((await post({ ...body, name: 'x'.repeat(70_000) })).json()).toMatchObject({
      status: 413,
      code: 'payload_too_large',
    });
  });

  it('is refused with an Idempotency-Key that is none', async () => {
    for (const key of ['with space', 'x'.repeat(256)]) {
      expect((await post(body, { 'idempotency-key': key })).json()).toMatchObject({ status: 400 });
    }
  });

  it('finds no session under an id that cannot be one', async () => {
    for (const id of [
      "'%3B drop table sessions--",
      '..%2F..%2Fetc%2Fpasswd',
      'ses_',
      '%00',
      'ses_AAAAAAAAAAAAAAAAAAAA',
      'x'.repeat(99),
    ]) {
      for (const suffix of ['', '/events', '/transcript.txt']) {
        const answer = await app.server.inject(`/api/sessions/${id}${suffix}`);
        expect(answer.json(), id + suffix).toMatchObject({ status: 404, code: 'not_found' });
      }
    }
  });

  it('is refused for queries that are not of the list', async () => {
    for (const query of ['limit=0', 'limit=x', 'limit=101', 'cursor=x', 'state=open', 'nonsense=1', 'user_id=a%20b']) {
      expect((await app.server.inject(`/api/sessions?${query}`)).json(), query).toMatchObject({ status: 400 });
    }
  });

  it('is told which methods a path has', async () => {
    const wrong = [
      ['GET', '/api/livekit/token', 'POST'],
      ['DELETE', '/api/sessions', 'GET, HEAD, POST'],
      ['PUT', `${session}/end`, 'POST'],
      ['POST', `${session}/transcript.txt`, 'GET, HEAD'],
      ['GET', '/v1/chat/completions', 'POST'],
    ] as const;
    for (const [method, url, allow] of wrong) {
      const answer = await app.server.inject({ method, url });
      expect(problemSchema.parse(answer.json()), url).toMatchObject({ status: 405, code: 'method_not_allowed' });
      expect(String(answer.headers.allow).split(', ').toSorted().join(', '), url).toBe(allow);
    }
    const unknown = await app.server.inject({ method: 'POST', url: '/api/nothing' });
    expect(unknown.json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('is refused with a path that cannot be decoded', async () => {
    for (const url of ['/api/sessions/%zz', '/%', '/api/%E0%A4%A']) {
      const answer = await app.server.inject(url);
      expect(problemSchema.parse(answer.json()), url).toMatchObject({ status: 400, code: 'invalid_request' });
      expect(answer.headers['content-type']).toMatch('application/problem+json');
    }
  });

  it('is refused with a problem body also when it is no HTTP', async () => {
    const { hostname, port } = new URL(origin);
    for (const [text, status] of [
      ['nonsense\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const socket = connect(Number(port), hostname);
      socket.end(text);
      let answer = '';
      for await (const chunk of socket) answer += String(chunk);
      expect(answer).toMatch(`HTTP/1.1 ${status} `);
      const problem: unknown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
      expect(problemSchema.parse(problem)).toMatchObject({ status, code: 'invalid_request' });
    }
  });

  it('is refused by Node itself with a header of 3 MB', async () => {
    const url = new URL(origin);
    const status = await new Promise<number | string | undefined>((resolve) => {
      const call = request({
        host: url.hostname,
        port: url.port,
        path: '/api/scenarios',
        headers: { 'x-big': 'x'.repeat(3_000_000) },
      });
      call.on('response', (response) => resolve(response.statusCode));
      call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      call.end();
    });
    expect([431, 'EPIPE', 'ECONNRESET']).toContain(status);
    expect((await fetch(`${url.origin}/health`)).status).toBe(200);
  });
});

describe('pages that are not ours', () => {
  it('may not change anything', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:9999' },
      { origin: 'file://' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://localhost:5000' },
    ];
    for (const headers of foreign)
      expect((await change(headers)).json(), JSON.stringify(headers)).toMatchObject({ code: 'forbidden' });
  });

  it('may not get around that by another spelling of the path', async () => {
    const headers = { 'content-type': 'application/json', origin: 'http://evil.example' };
    const answer = await fetch(`${origin}/%61pi/sessions`, { method: 'POST', headers, body: '{}' });
    expect(await answer.json()).toMatchObject({ code: 'forbidden' });
  });

  it('are told from our own page and from programs', async () => {
    const own: Record<string, string>[] = [
      {},
      { origin: 'http://localhost:8000' },
      { origin: 'http://localhost:5173', 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of own) expect((await change(headers)).statusCode, JSON.stringify(headers)).toBe(400);
  });

  it('cannot come in by a name that DNS rebinding made', async () => {
    for (const host of ['evil.example', 'evil.example:8000', '127.0.0.1.evil.example']) {
      expect((await app.server.inject({ url: '/', headers: { host } })).statusCode, host).toBe(403);
    }
    for (const host of ['localhost:8000', '127.0.0.1:8000', '[::1]:8000', 'api-backend:8000']) {
      expect((await app.server.inject({ url: '/health', headers: { host } })).statusCode, host).toBe(200);
    }
  });
});

describe('with API keys', () => {
  it('lets nobody in without one, but for the page, its health and LiveKit', async () => {
    await using locked = await startTestApp({
      ...AWAY,
      migrate: false,
      env: { API_KEYS: 'first-key-of-two,second-key-of-two', WEB_ROOT: webRoot },
    });
    for (const url of [
      '/api/sessions',
      '/api/scenarios',
      '/api/engines',
      session,
      `${session}/events`,
      `${session}/events?access_token=1.x`,
    ]) {
      for (const authorization of [
        undefined,
        'Bearer wrong',
        `Bearer ${INTERNAL_KEY}`,
        'first-key-of-two',
        'Bearer first-key-of-two,second-key-of-two',
      ]) {
        const answer = await locked.server.inject({ url, headers: authorization ? { authorization } : {} });
        expect(answer.json(), `${url} ${authorization}`).toMatchObject({ status: 401, code: 'unauthorized' });
      }
    }
    const entered = await locked.server.inject({
      url: '/api/engines',
      headers: { authorization: 'Bearer second-key-of-two' },
    });
    expect(entered.statusCode).toBe(200);
    expect((await locked.server.inject('/')).statusCode).toBe(200);
    expect((await locked.server.inject('/health')).statusCode).toBe(200);
    const hook = await locked.server.inject({ method: 'POST', url: '/api/livekit/webhook', payload: {} });
    expect(hook.json().detail).toMatch(/webhook/);
  });

  it('keeps internal routes to the internal key', async () => {
    const internal = '/internal/sessions/ses_aaaaaaaaaaaaaaaaaaaa';
    expect((await app.server.inject(internal)).statusCode).toBe(401);
    const headers = { authorization: `Bearer ${INTERNAL_KEY}` };
    expect((await app.server.inject({ url: internal, headers })).statusCode).toBe(503);
  });
});

describe('the page', () => {
  it('says how to build it while it is not there, then serves it without a restart', async () => {
    const missing = await app.server.inject('/');
    expect(missing.body).toContain('npm run build:web');
    await mkdir(join(webRoot, 'assets'));
    await writeFile(join(webRoot, 'index.html'), '<!doctype html><title>Eloquence</title>');
    await writeFile(join(webRoot, 'assets/app-1a2b3c.js'), 'export {};');
    await writeFile(join(webRoot, '.secret'), 'no');
    const page = await app.server.inject('/');
    expect(page.headers).toMatchObject({
      'content-type': expect.stringMatching('text/html'),
      'cache-control': 'no-cache',
    });
    expect((await app.server.inject('/sessions/ses_x')).body).toBe(page.body);
    const script = await app.server.inject('/assets/app-1a2b3c.js');
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(script.headers['content-type']).toMatch('javascript');
    for (const path of ['/assets/gone.js', '/favicon.ico', '/api/nothing', '/v1', '/internal/x']) {
      expect((await app.server.inject(path)).json(), path).toMatchObject({ code: 'not_found' });
    }
    for (const path of [
      '/.secret',
      '/..%2f..%2f..%2fetc%2fpasswd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/assets/..%5c..%5c.secret',
      '/%00',
    ]) {
      const answer = await app.server.inject(path);
      expect(answer.body, path).not.toMatch(/^no$|root:/);
    }
  });

  it('is told to run its own scripts only and to talk to us and LiveKit only', async () => {
    const { headers } = await app.server.inject('/');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self' ws://127.0.0.1:1 http://127.0.0.1:1;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  });
});

it('a path that leads out of the folder of /docs is not found', async () => {
  // As it is: fetch and inject would resolve the dots first.
  const asking = request(origin, { path: '/docs/static/..' }).end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(404);
});

it('documents itself at /docs, from the same schemas', async () => {
  expect((await app.server.inject('/docs/')).statusCode).toBe(200);
  const { paths } = (await app.server.inject('/docs/json')).json();
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      '/api/sessions',
      '/api/sessions/{session_id}',
      '/api/sessions/{session_id}/events',
      '/api/sessions/{session_id}/transcript.srt',
      '/api/livekit/token',
      '/api/scenarios',
      '/api/engines',
    ]),
  );
  expect(Object.keys(paths).filter((path) => /internal|webhook|\*/.test(path))).toEqual([]);
  expect(paths['/api/sessions'].post.requestBody.content['application/json'].schema.required).toEqual([
    'user_id',
    'scenario_id',
  ]);
});

it('keeps ids out of its metrics', async () => {
  await app.server.inject(session);
  const text = (await app.server.inject('/metrics')).body;
  expect(text).toContain('route="/api/sessions/:session_id"');
  expect(text).not.toContain('ses_aaaa');
});
