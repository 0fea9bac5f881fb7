import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { Client, KEY, shortened, startGateway, type RunningGateway } from '../test-support/gateway.ts';
import { RealtimeClient } from '../test-support/realtime-client.ts';
import { silence, speak } from '../test-support/speech.ts';

const engine = new FakeEngine();
let gateway: RunningGateway;

beforeAll(async () => {
  await engine.start();
  gateway = await startGateway(engine.url, shortened({ idleMs: 1_500 }));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await engine.stop();
});

/** The HTTP answer to an upgrade that is refused. */
async function refused(
  query: string,
  headers: Record<string, string> = { authorization: `Token ${KEY}` },
  url = gateway.url,
  path = '/v1/listen',
) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}${query}`, { headers });
  return new Promise<{
    status: number;
    retryAfter: string | undefined;
    problem: ReturnType<typeof problemSchema.parse>;
  }>((resolve, reject) => {
    socket.on('error', () => undefined);
    socket.on('open', () => reject(new Error('the upgrade was accepted')));
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          problem: problemSchema.parse(JSON.parse(body)),
        }),
      );
    });
  });
}

const closedBy = async (client: Client) => {
  await client.until(({ closed }) => closed !== undefined, 8_000);
  return client.closed;
};

describe('before the upgrade', () => {
  test.each([
    ['no key', {}],
    ['a wrong key', { authorization: 'Token not-the-key-of-the-gateway' }],
    ['a wrong key in the protocol', { 'sec-websocket-protocol': 'token, wrong' }],
  ])('%s is refused with 401', async (_name, headers) => {
    expect(await refused('', headers as Record<string, string>)).toMatchObject({
      status: 401,
      problem: { code: 'unauthorized', retryable: false },
    });
  });

  test.each([
    ['encoding=opus', 'encoding'],
    ['sample_rate=abc', 'sample_rate'],
    ['sample_rate=12345', 'sample_rate'],
    ['channels=2', 'channels'],
    ['multichannel=true', 'multichannel'],
    ['mode=macro', 'mode'],
    ['interim_results=perhaps', 'interim_results'],
    ['endpointing=-5', 'endpointing'],
  ])('%s is refused with 400, naming the parameter', async (query, parameter) => {
    const { status, problem } = await refused(`?${query}`);
    expect(status).toBe(400);
    expect(problem.code).toBe('invalid_request');
    expect(JSON.stringify(problem.issues)).toContain(parameter);
  });

  test('a language the engine does not understand is refused with what it understands; no language is not', async () => {
    await using frenchOnly = await new FakeEngine().start();
    frenchOnly.engine = { ...frenchOnly.engine, languages: ['fr'] };
    await using front = await startGateway(frenchOnly.url);
    const { status, problem } = await refused('?language=en-GB', undefined, front.url);
    expect(status).toBe(400);
    expect(problem).toMatchObject({ code: 'unsupported_language', retryable: false });
    expect(problem.detail).toContain('fake engine understands fr only, not en');
    for (const language of ['fr', 'fr-FR', 'multi']) {
      using client = await Client.open(front.url, { language });
      expect(client.closed).toBeUndefined();
    }
  });

  test('a key as Bearer and as Deepgram sends it from browsers are both let in', async () => {
    using bearer = await Client.open(gateway.url, {}, { headers: { authorization: `Bearer ${KEY}` } });
    expect(bearer.closed).toBeUndefined();
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/listen`, ['token', KEY]);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    expect(socket.protocol).toBe('token');
    socket.terminate();
  });

  test("LiveKit's whole query is accepted", async () => {
    using client = await Client.open(gateway.url, {
      model: 'nova-3',
      punctuate: 'true',
      smart_format: 'true',
      no_delay: 'true',
      interim_results: 'true',
      encoding: 'linear16',
      vad_events: 'true',
      sample_rate: '16000',
      channels: '1',
      endpointing: '25',
      filler_words: 'true',
      profanity_filter: 'false',
      numerals: 'false',
      mip_opt_out: 'false',
      language: 'fr',
    });
    expect(client.closed).toBeUndefined();
  });

  test('the upgrade names the request as Deepgram does, and the messages name it too', async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/listen`, {
      headers: { authorization: `Token ${KEY}` },
    });
    let id: unknown;
    socket.once('upgrade', (response) => (id = response.headers['dg-request-id']));
    socket.once('open', () => socket.send('{"type":"CloseStream"}'));
    const closing = new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve((data as Buffer).toString())),
    );
    const metadata: unknown = JSON.parse(await closing);
    expect(id).toMatch(/^[\da-f-]{36}$/);
    expect(metadata).toMatchObject({ type: 'Metadata', request_id: id });
  });

  test('sockets of both wires count together; one too many is told when to come back, at once', async () => {
    await using small = await startGateway(engine.url, shortened({ max: 3 }));
    using listening = await Client.open(small.url);
    using first = await RealtimeClient.open(small.url);
    using second = await RealtimeClient.open(small.url);
    for (const path of ['/v1/listen', '/v1/realtime']) {
      const startedMs = performance.now();
      const { status, retryAfter, problem } = await refused('', undefined, small.url, path);
      expect(performance.now() - startedMs).toBeLessThan(50);
      expect(status).toBe(503);
      expect(problem).toMatchObject({ code: 'overloaded', retryable: true });
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
    expect(await small.telemetry.registry.metrics()).toContain('eloquence_stt_streams 3');
    second.socket.terminate();
    await expect.poll(() => small.telemetry.registry.metrics()).toContain('eloquence_stt_streams 2');
    using third = await RealtimeClient.open(small.url);
    expect([listening, first, third].map(({ closed }) => closed)).toEqual([undefined, undefined, undefined]);
  });

  test('plain HTTP is told to upgrade', async () => {
    const { statusCode, body } = await request(`${gateway.url}/v1/listen`, {
      headers: { authorization: `Token ${KEY}` },
    });
    expect(statusCode).toBe(400);
    expect(problemSchema.parse(await body.json()).detail).toContain('WebSocket');
  });
});

describe('misbehaviour', () => {
  test('frames that make no sense are answered, ten of them close with 4400, audio between is still heard', async () => {
    using client = await Client.open(gateway.url);
    for (const text of ['not json', '[]', '{"type":"Nonsense"}', '{}', 'null']) client.socket.send(text);
    await client.play(Buffer.concat([silence(400), await speak('oui'), silence(600)]), 8);
    await client.until(({ said }) => said.length === 1);
    expect(client.messages.filter(({ type }) => type === 'Error')).toHaveLength(5);
    for (let count = 0; count < 5; count += 1) client.socket.send('x');
    expect(await closedBy(client)).toEqual({ code: 4400, reason: 'invalid_request: 10 frames made no sense' });
  });

  test('a frame over 1 MiB closes with 1009', async () => {
    using client = await Client.open(gateway.url);
    client.socket.send(Buffer.alloc(1_048_577));
    expect(await closedBy(client)).toMatchObject({ code: 1009 });
  });

  test('neither audio nor KeepAlive closes with NET-0001; KeepAlive holds the socket open', async () => {
    using quiet = await Client.open(gateway.url);
    using kept = await Client.open(gateway.url);
    const keeper = setInterval(() => kept.control('KeepAlive'), 300);
    const closed = await closedBy(quiet);
    clearInterval(keeper);
    expect(closed?.code).toBe(1011);
    expect(closed?.reason).toMatch(/^NET-0001/);
    expect(kept.closed).toBeUndefined();
  });

  test('a half-open socket is ended after two missed pings', async () => {
    await using impatient = await startGateway(engine.url, shortened({ pingMs: 600 }));
    using client = await Client.open(impatient.url, {}, { autoPong: false });
    using other = await Client.open(impatient.url);
    const keeper = setInterval(() => client.control('KeepAlive'), 200);
    const closed = await closedBy(client);
    clearInterval(keeper);
    expect(closed?.code).toBe(1006);
    expect(other.closed).toBeUndefined();
  });

  test('a reader that does not read is closed with 4408', async () => {
    await using strict = await startGateway(engine.url, shortened({ maxBufferedBytes: 65_536 }));
    using client = await Client.open(strict.url);
    client.socket.pause();
    const deadline = performance.now() + 20_000;
    // The system's own buffers take some megabytes before ours fill.
    while (!(await hasDropped(strict, 'slow_reader')) && performance.now() < deadline) {
      for (let count = 0; count < 2_000; count += 1) client.control('Finalize');
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.socket.resume();
    expect(await closedBy(client)).toMatchObject({ code: 4408 });
  });
});

async function hasDropped({ telemetry }: RunningGateway, reason: string): Promise<boolean> {
  return (await telemetry.registry.metrics()).includes(`eloquence_stt_frames_dropped_total{reason="${reason}"}`);
}

describe('many sockets', () => {
  test('50 sockets opened, spoken to and cut leave nothing behind', async () => {
    const pcm = Buffer.concat([silence(300), await speak('bonjour')]);
    const round = async () => {
      const clients = await Promise.all(Array.from({ length: 50 }, () => Client.open(gateway.url)));
      await Promise.all(clients.map((client) => client.play(pcm, Infinity)));
      await expect.poll(() => gateway.hearing.streams, { timeout: 8_000 }).toBeGreaterThanOrEqual(50);
      for (const client of clients) client.socket.terminate();
      await expect.poll(() => gateway.hearing.streams, { timeout: 8_000 }).toBe(0);
    };
    await round();
    const before = heapAfterGc();
    for (let count = 0; count < 4; count += 1) await round();
    // 200 sessions of 1 s of audio would be 6 MB if one of their buffers stayed.
    await expect.poll(() => heapAfterGc() - before, { timeout: 8_000, interval: 200 }).toBeLessThan(4_000_000);
    expect(await gateway.telemetry.registry.metrics()).toContain('eloquence_stt_streams 0');
  });
});

function heapAfterGc(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
