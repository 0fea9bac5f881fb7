import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';
import { problemSchema } from '../contracts/errors.ts';
import { AppError } from './errors.ts';
import { createLogger } from './logger.ts';
import { createService, requireKey, type ReadinessCheck, type Service } from './service.ts';
import { Telemetry } from './telemetry.ts';

const KEY = 'k'.repeat(20);
let app: Service | undefined;
afterEach(async () => app?.close());

/** A service on a real port with one route that takes JSON, one that needs a key and one that breaks. */
async function listen(readiness: readonly ReadinessCheck[] = []): Promise<string> {
  const logger = createLogger('test', 'silent');
  app = createService({ service: 'test', logger, telemetry: new Telemetry({ processMetrics: false }), readiness });
  const body = z.strictObject({ name: z.string() });
  app.post('/things/:id', { schema: { body } }, () => ({ ok: true }));
  app.post('/guarded', { onRequest: requireKey([KEY]) }, () => ({ ok: true }));
  app.get('/broken', () => {
    throw new Error('the password is hunter2');
  });
  app.get('/busy', () => {
    throw new AppError('overloaded', 'All lines are taken.', { retryAfterS: 2.4 });
  });
  return app.listen({ host: '127.0.0.1', port: 0 });
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return problemSchema.parse(await response.json());
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

/** Sockets the service holds. */
const connections = () => new Promise((resolve) => app?.server.getConnections((_, count) => resolve(count)));

test('a body that is not of its schema is refused member by member', async () => {
  const problem = await problemOf(await post(`${await listen()}/things/1`, '{"name": 1, "more": 2}'));
  expect(problem).toMatchObject({ status: 400, code: 'invalid_request', fault: 'caller', retryable: false });
  expect(problem.issues?.length).toBe(2);
  expect(problem.error?.message).toBe(problem.detail);
});

test('a body with very many faults gets a short answer that says how many more there are', async () => {
  app = createService({
    service: 'test',
    logger: createLogger('test', 'silent'),
    telemetry: new Telemetry({ processMetrics: false }),
    readiness: [],
  });
  app.post('/list', { schema: { body: z.array(z.number()) } }, () => ({ ok: true }));
  const response = await app.inject({ method: 'POST', url: '/list', payload: Array.from({ length: 1000 }, () => 'x') });
  const problem = problemSchema.parse(response.json());
  expect(problem.issues).toHaveLength(20);
  expect(problem.detail).toMatch(/; and 980 more$/);
});

test('a client that is still sending a body too large gets its answer, every time', async () => {
  const url = await listen();
  const body = JSON.stringify({ name: 'x'.repeat(5_000_000) });
  for (let attempt = 0; attempt < 10; attempt += 1) {
    expect(await problemOf(await post(`${url}/things/1`, body))).toMatchObject({
      status: 413,
      code: 'payload_too_large',
    });
    expect(await problemOf(await post(`${url}/guarded`, body))).toMatchObject({ status: 401, code: 'unauthorized' });
  }
});

test('a client that stops in the middle of its body is not waited for', async () => {
  const { port } = new URL(await listen());
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `POST /guarded HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"na`,
  );
  let answer = '';
  for await (const chunk of socket) {
    answer += String(chunk);
    if (answer.includes('unauthorized')) break;
  }
  expect(answer).toMatch(/^HTTP\/1\.1 401 /);
});

test('plain text on a JSON route is told as such', async () => {
  const answer = await post(`${await listen()}/things/1`, 'hello', { 'content-type': 'text/plain' });
  expect(await problemOf(answer)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
});

test('what is not HTTP gets an answer, and its socket goes even when the other side never closes', async () => {
  const { port } = new URL(await listen());
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  socket.write('this is not HTTP\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json/s);
  await expect.poll(connections, { timeout: 5_000 }).toBe(0);
  socket.destroy();
});

test('a wrong method names the right ones, a wrong path says so', async () => {
  const url = await listen();
  const wrong = await fetch(`${url}/things/1`);
  expect(wrong.headers.get('allow')).toContain('POST');
  expect(await problemOf(wrong)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  expect(await problemOf(await fetch(`${url}/nothing`))).toMatchObject({ status: 404, code: 'not_found' });
  expect(await problemOf(await fetch(`${url}/things/${'x'.repeat(500)}`))).toMatchObject({ status: 404 });
  expect(await problemOf(await fetch(`${url}/%ff`))).toMatchObject({ status: 400, code: 'invalid_request' });
});

test('an error of ours says nothing about its cause, one with a wait says how long', async () => {
  const url = await listen();
  const broken = await problemOf(await fetch(`${url}/broken`));
  expect(broken).toMatchObject({ status: 500, code: 'internal', retryable: true });
  expect(JSON.stringify(broken)).not.toContain('hunter2');
  const busy = await fetch(`${url}/busy`);
  expect(busy.headers.get('retry-after')).toBe('3');
  expect(await problemOf(busy)).toMatchObject({ code: 'overloaded', retry_after_s: 2.4 });
});

test('health is about the process, readiness about what it needs; a check that hangs counts as failed', async () => {
  const url = await listen([
    { name: 'quick', check: () => Promise.resolve('here') },
    { name: 'hanging', check: () => new Promise(() => undefined) },
  ]);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const ready = await fetch(`${url}/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({
    status: 'not_ready',
    checks: [
      { name: 'quick', ok: true, detail: 'here' },
      { name: 'hanging', ok: false, detail: 'no answer in 2 s' },
    ],
  });
});

test('metrics count requests by route, never by address', async () => {
  const url = await listen();
  await post(`${url}/things/secret-id`, '{"name": "x"}');
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('route="/things/:id"');
  expect(text).not.toContain('secret-id');
});

const refusedKey = () => Promise.reject(new Error('the key is refused'));

test('what a service can do without is shown when it fails, and leaves the service ready', async () => {
  const url = await listen([{ name: 'model', advisory: true, check: refusedKey }]);
  const ready = await fetch(`${url}/ready`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({
    status: 'ready',
    checks: [{ name: 'model', ok: false, detail: 'the key is refused' }],
  });
});
