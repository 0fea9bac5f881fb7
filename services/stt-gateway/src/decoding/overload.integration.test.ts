import { WebSocket } from 'ws';
import { expect, test } from 'vitest';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import { defaults, type Config } from '../config.ts';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { Client, KEY, startGateway } from '../test-support/gateway.ts';
import { silence, speak } from '../test-support/speech.ts';

const sentence = async () => Buffer.concat([silence(300), await speak('bonjour madame'), silence(700)]);

/** The answer to an upgrade that is refused, and how long it took; undefined when it is not. */
async function knock(url: string, key = KEY) {
  const startedMs = performance.now();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/listen?language=fr`, {
    headers: { authorization: `Token ${key}` },
  });
  return new Promise<{ ms: number; status: number; retryAfter: number; code: string } | undefined>((resolve) => {
    socket.on('error', () => undefined);
    socket.on('open', () => {
      socket.terminate();
      resolve(undefined);
    });
    socket.on('unexpected-response', (_request, response) => {
      const ms = performance.now() - startedMs;
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        const { code } = problemSchema.parse(JSON.parse(body));
        const retryAfter = Number(response.headers['retry-after']);
        resolve({ ms, status: response.statusCode ?? 0, retryAfter, code });
      });
    });
  });
}

/** An engine that decodes one at a time and has fallen behind, and a speaker who waits for three finals. */
async function fallBehind(engine: FakeEngine, overrides: Partial<Config> = {}) {
  engine.delayMs = 1_200;
  engine.answer = (_heard, index) => `phrase ${index}`;
  const gateway = await startGateway(engine.url, { decoding: { ...defaults.decoding, maxSlots: 1 }, ...overrides });
  const client = await Client.open(gateway.url);
  await client.play(Buffer.concat([await sentence(), await sentence(), await sentence()]), 10);
  return { gateway, client };
}

test('a gateway that is behind refuses in less than 50 ms with overloaded and Retry-After, and loses nothing', async () => {
  await using engine = await new FakeEngine().start();
  const { gateway, client } = await fallBehind(engine);
  try {
    await expect.poll(() => knock(gateway.url), { timeout: 5_000 }).toMatchObject({ code: 'overloaded', status: 503 });
    const refusals = [];
    for (let count = 0; count < 10; count += 1) refusals.push(await knock(gateway.url));
    // The best of ten: the machine of a test is not quiet.
    expect(Math.min(...refusals.map((refusal) => refusal?.ms ?? Infinity))).toBeLessThan(50);
    expect(refusals[0]?.retryAfter).toBeGreaterThanOrEqual(1);
    expect(await gateway.telemetry.registry.metrics()).toMatch(/stt_refused_total\{reason="overloaded"\} 1\d/);
    await client.finish();
    expect(client.said).toHaveLength(3);
    expect(client.messages.filter(({ type }) => type === 'Error')).toEqual([]);
    await expect.poll(() => knock(gateway.url), { timeout: 25_000, interval: 500 }).toBeUndefined();
  } finally {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  }
});

test('an engine that answers 503 because it is busy is asked again for as long as the speaker stays', async () => {
  await using engine = await new FakeEngine().start();
  const refuse = { status: 503, body: { code: 'overloaded', detail: 'Too many recordings are waiting.' } };
  const startedMs = performance.now();
  // For longer than an engine that is away would be waited for.
  engine.answer = () => (performance.now() - startedMs < 2_500 ? refuse : 'bonjour');
  await using gateway = await startGateway(engine.url, { decoding: { ...defaults.decoding, outageMs: 500 } });
  using client = await Client.open(gateway.url);
  await client.play(await sentence(), 4);
  await client.finish();
  expect(client.said).toEqual(['bonjour']);
  expect(engine.requests.length).toBeGreaterThan(2);
});

test('a tenant with more than its share is told so when another wants in', async () => {
  await using engine = await new FakeEngine().start();
  const limits = { streams: { ...defaults.streams, max: 4 }, apiKeys: ['key-of-another-tenant'] };
  await using gateway = await startGateway(engine.url, limits);
  const open = await Promise.all(Array.from({ length: 4 }, () => Client.open(gateway.url)));
  expect(await knock(gateway.url)).toMatchObject({ code: 'overloaded' });
  expect(await knock(gateway.url, 'key-of-another-tenant')).toMatchObject({ code: 'overloaded' });
  expect(await knock(gateway.url)).toMatchObject({ code: 'rate_limited', status: 429 });
  open[0]?.socket.terminate();
  // Its place is for whoever has less.
  await expect.poll(() => knock(gateway.url, 'key-of-another-tenant'), { timeout: 3_000 }).toBeUndefined();
  for (const client of open) client[Symbol.dispose]();
});
