import { closeCodes, problemSchema } from '@eloquence/shared/contracts/errors';
import { AppError } from '@eloquence/shared/runtime/errors';
import { loadSpec } from '@eloquence/testkit/spec-validator';
import { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEY, serveWires, SpeakClient, TENANT_KEY, type WireServer } from '../test-support/serve-wires.ts';

let server: WireServer;
beforeEach(async () => void (server = await serveWires()));
afterEach(() => server[Symbol.asyncDispose]());

const flushed = (client: SpeakClient, count = 1) => expect.poll(() => client.of('Flushed').length).toBe(count);

describe('text becomes sound while it is written', () => {
  test('Metadata comes first, sound as sentences end, Flushed after the last of it', async () => {
    using client = await SpeakClient.open(server.url, { model: 'aura-2-thalia-en' });
    client.speak('Hello');
    client.speak(' there. How');
    await expect.poll(() => client.order).toEqual(['Metadata', '130 ms']);
    expect(client.of('Metadata')[0]).toMatchObject({ model_name: 'aura-2-thalia-en' });
    client.speak(' are you');
    client.flush();
    await flushed(client);
    expect(client.order).toEqual(['Metadata', '240 ms', 'Flushed']);
    expect(server.opener.texts).toEqual(['Hello there. How are you']);
    expect(server.opener.opened[0]?.options).toMatchObject({
      voice: { id: 'coach-en' },
      speed: 1,
      cache: 'none',
      tenant: 'internal',
    });
  });

  test('after Flushed a new speech begins, on the same socket; places are given back in between', async () => {
    using client = await SpeakClient.open(server.url);
    for (const [index, text] of ['Un.', 'Deux.', 'Trois.'].entries()) {
      client.speak(text);
      client.flush();
      await flushed(client, index + 1);
      await expect.poll(() => server.opener.opened[index]?.closed).toBe(true);
    }
    expect(server.opener.texts).toEqual(['Un.', 'Deux.', 'Trois.']);
    expect(client.of('Flushed').map(({ sequence_id }) => sequence_id)).toEqual([0, 1, 2]);
  });

  test('text that comes before the answer before is over is spoken after it, each Flush answered in its place', async () => {
    using client = await SpeakClient.open(server.url);
    client.send({ type: 'Speak', text: 'Un.' }, { type: 'Flush' }, { type: 'Speak', text: 'Deux.' }, { type: 'Flush' });
    await flushed(client, 2);
    expect(client.order).toEqual(['Metadata', '30 ms', 'Flushed', '50 ms', 'Flushed']);
  });

  test('a Flush with nothing to say is answered at once', async () => {
    using client = await SpeakClient.open(server.url);
    client.flush();
    await flushed(client);
    expect(server.opener.opened).toHaveLength(0);
  });

  test('with sentences=true each piece of text is told before its sound', async () => {
    using client = await SpeakClient.open(server.url, { sentences: 'true' });
    client.speak('Bonjour. Ça va ?');
    client.flush();
    await flushed(client);
    expect(client.order).toEqual(['Metadata', 'Sentence', '90 ms', 'Sentence', '70 ms', 'Flushed']);
    expect(client.of('Sentence').map(({ text }) => text)).toEqual(['Bonjour. ', 'Ça va ?']);
    expect(client.of('Sentence')[0]?.engine).toBe('fake/voice');
  });

  test('text sent with the upgrade is not lost, nor what comes while a place is awaited', async () => {
    const gate = Promise.withResolvers<void>();
    server.opener.gate = gate.promise;
    using client = await SpeakClient.open(server.url);
    client.speak('Un');
    client.speak(' deux.');
    client.flush();
    gate.resolve();
    await flushed(client);
    expect(server.opener.texts).toEqual(['Un deux.']);
  });
});

test('what goes out is what Deepgram describes', async () => {
  const spec = loadSpec('deepgram.asyncapi.yml');
  const faults: string[] = [];
  const broken = new AppError('upstream_failed', 'The voice broke off.');
  server.opener.script = (sentence) => (sentence.startsWith('Deux') ? { broken } : undefined);
  using client = await SpeakClient.open(server.url, { model: 'aura-2-thalia-en' });
  client.send({ type: 'Speak', text: 'Un. Deux.' }, { type: 'Flush' });
  await flushed(client);
  client.send({ type: 'Clear' });
  await expect.poll(() => client.of('Cleared').length).toBe(1);
  expect(new Set(client.messages.map(({ type }) => type))).toEqual(
    new Set(['Metadata', 'sound', 'Warning', 'Flushed', 'Cleared']),
  );
  for (const message of client.messages)
    if (message.type !== 'sound') faults.push(...(spec?.schemaFaults(`SpeakV1_SpeakV1${message.type}`, message) ?? []));
  expect(faults).toEqual([]);
});

describe('the query says how it sounds', () => {
  test.each([
    [{}, 48_000],
    [{ sample_rate: '8000' }, 16_000],
    [{ sample_rate: '16000', encoding: 'linear16' }, 32_000],
    [{ sample_rate: '48000', container: 'none' }, 96_000],
    [{ encoding: 'mulaw' }, 8_000],
    [{ encoding: 'alaw', sample_rate: '8000' }, 8_000],
  ])('%j gives %i bytes a second, in whole samples', async (query, bytesPerS) => {
    using client = await SpeakClient.open(server.url, query);
    client.speak('Une phrase de deux cent cinquante ms. '.repeat(3));
    client.flush();
    await flushed(client);
    const seconds = client.sound.length / bytesPerS;
    expect(Math.abs(seconds - 1.14)).toBeLessThan(0.002);
    const width = 'encoding' in query && query.encoding !== 'linear16' ? 1 : 2;
    for (const chunk of client.chunks) {
      expect(chunk.length % width).toBe(0);
      expect(chunk.length).toBeLessThanOrEqual(bytesPerS * 0.2);
    }
  });

  test.each([
    [{ model: 'aura-2-thalia-en' }, 'Bonjour.', 'coach-en'],
    [{ model: 'aura-2-agathe-fr' }, 'Hello.', 'coach-fr'],
    [{ model: 'nova-99' }, 'Bonjour, comment allez-vous ?', 'coach-fr'],
    [{ model: 'aura-2-thalia-en', voice: 'accueil-fr' }, 'Bonjour.', 'accueil-fr'],
    [{ language: 'fr' }, 'Hello.', 'coach-fr'],
  ])('%j speaks "%s" with %s', async (query, text, voice) => {
    using client = await SpeakClient.open(server.url, query);
    client.speak(text);
    client.flush();
    await flushed(client);
    expect(server.opener.opened[0]?.options.voice.id).toBe(voice);
  });

  test('speed, instructions and cache go to the voice', async () => {
    using client = await SpeakClient.open(server.url, { speed: '1.3', instructions: 'Chuchote.', cache: 'tenant' });
    client.speak('Bonjour.');
    await expect.poll(() => server.opener.opened.length).toBe(1);
    expect(server.opener.opened[0]?.options).toMatchObject({ speed: 1.3, instructions: 'Chuchote.', cache: 'tenant' });
  });
});

describe('Clear', () => {
  test('stops the voice at once; nothing of it comes after Cleared, its Flush stays unanswered', async () => {
    server.opener.script = () => new Promise(() => undefined);
    using client = await SpeakClient.open(server.url);
    client.speak('Une longue histoire.');
    client.flush();
    await expect.poll(() => client.order).toEqual(['Metadata', '100 ms']);
    client.send({ type: 'Clear' });
    await expect.poll(() => client.of('Cleared')).toEqual([{ type: 'Cleared', sequence_id: 1 }]);
    expect(server.opener.opened[0]?.closed).toBe(true);
    server.opener.script = () => undefined;
    client.speak('Oui.');
    client.flush();
    await flushed(client);
    expect(client.order).toEqual(['Metadata', '100 ms', 'Cleared', '40 ms', 'Flushed']);
  });

  test('while a place is awaited forgets the text', async () => {
    const gate = Promise.withResolvers<void>();
    server.opener.gate = gate.promise;
    using client = await SpeakClient.open(server.url);
    client.speak('Non.');
    client.send({ type: 'Clear' });
    await expect.poll(() => client.of('Cleared').length).toBe(1);
    gate.resolve();
    client.speak('Oui.');
    client.flush();
    await flushed(client);
    expect(client.order).toEqual(['Metadata', 'Cleared', '40 ms', 'Flushed']);
    expect(server.opener.opened[0]?.closed).toBe(true);
  });
});

describe('the end', () => {
  test('Close speaks what is there, then closes with 1000; what comes after it is nothing', async () => {
    using client = await SpeakClient.open(server.url);
    client.send(
      { type: 'Speak', text: 'Un' },
      { type: 'Flush' },
      { type: 'Speak', text: 'Deux' },
      { type: 'Close' },
      { type: 'Speak', text: 'Trois.' },
    );
    await expect.poll(() => client.closed).toEqual({ code: 1000, reason: '' });
    expect(client.order).toEqual(['Metadata', '20 ms', 'Flushed', '40 ms']);
  });

  test('Close with nothing to say closes at once', async () => {
    using client = await SpeakClient.open(server.url);
    client.send({ type: 'Close' });
    await expect.poll(() => client.closed).toEqual({ code: 1000, reason: '' });
  });

  test('a client that is gone stops its voices', async () => {
    server.opener.script = () => new Promise(() => undefined);
    using client = await SpeakClient.open(server.url);
    client.speak('Une longue histoire.');
    await expect.poll(() => client.chunks.length).toBeGreaterThan(0);
    client.socket.terminate();
    await expect.poll(() => server.opener.opened[0]?.closed).toBe(true);
  });

  test('a socket on which nothing is said is closed with 1000 in the end; one that is being listened to is not', async () => {
    await using quiet = await serveWires({ idleMs: 150 });
    using client = await SpeakClient.open(quiet.url);
    const startedAtMs = performance.now();
    for (let time = 1; performance.now() - startedAtMs < 400; time += 1) {
      client.speak('Encore.');
      client.flush();
      await flushed(client, time);
    }
    expect(client.closed).toBeUndefined();
    await expect.poll(() => client.closed).toEqual({ code: 1000, reason: 'idle for too long' });
  });

  test('a peer that answers no ping is cut off', async () => {
    await using strict = await serveWires({ pingMs: 20, maxMissedPings: 2 });
    using client = await SpeakClient.open(
      strict.url,
      {},
      { headers: { authorization: `Token ${KEY}` }, autoPong: false },
    );
    await expect.poll(() => client.closed).toMatchObject({ code: 1006 });
    using alive = await SpeakClient.open(strict.url);
    await expect.poll(() => alive.closed, { timeout: 200 }).toBeUndefined();
  });

  test('on the way out answers are finished and nobody is let in', async () => {
    const gate = Promise.withResolvers<void>();
    server.opener.script = () => gate.promise;
    using talking = await SpeakClient.open(server.url);
    using idle = await SpeakClient.open(server.url);
    talking.speak('Une phrase.');
    await expect.poll(() => talking.chunks.length).toBeGreaterThan(0);
    const gone = server.goAway();
    await expect.poll(() => idle.closed).toMatchObject({ code: closeCodes.goingAway });
    await expect(SpeakClient.open(server.url)).rejects.toThrow('503');
    // The rest of the answer was still being written.
    talking.speak('Et sa suite.');
    talking.flush();
    gate.resolve();
    await gone;
    await expect.poll(() => talking.closed).toMatchObject({ code: closeCodes.goingAway });
    expect(talking.order).toEqual(['Metadata', '230 ms', 'Flushed']);
  });

  test('an answer that does not end is cut when the time to stop is over', async () => {
    await using stopping = await serveWires({ drainMs: 50 });
    stopping.opener.script = () => new Promise(() => undefined);
    using client = await SpeakClient.open(stopping.url);
    client.speak('Une phrase.');
    await expect.poll(() => client.chunks.length).toBeGreaterThan(0);
    await stopping.goAway();
    await expect
      .poll(() => client.closed)
      .toMatchObject({ code: closeCodes.goingAway, reason: expect.stringContaining('unavailable') });
  });
});

describe('what goes wrong', () => {
  test('a voice that breaks off is a Warning, and the next sentence is spoken', async () => {
    const broken = new AppError('upstream_failed', 'The voice broke off.');
    server.opener.script = (sentence) => (sentence.startsWith('Deux') ? { broken } : undefined);
    using client = await SpeakClient.open(server.url);
    client.speak('Un. Deux. Trois.');
    client.flush();
    await flushed(client);
    expect(client.order).toEqual(['Metadata', '70 ms', 'Warning', '60 ms', 'Flushed']);
    expect(client.of('Warning')[0]).toEqual({
      type: 'Warning',
      code: 'upstream_failed',
      description: 'The voice broke off.',
    });
  });

  test.each([
    [new AppError('upstream_failed', 'Nobody could speak.'), closeCodes.internal],
    [new AppError('overloaded', 'Too many are speaking.'), closeCodes.overloaded],
    [new AppError('payload_too_large', 'Too much text waits.'), closeCodes.tooBig],
  ])('a sentence nobody can speak ends the socket: %s', async (error, code) => {
    server.opener.script = (sentence) => (sentence.startsWith('Deux') ? error : undefined);
    using client = await SpeakClient.open(server.url);
    client.speak('Un. Deux.');
    client.flush();
    await expect.poll(() => client.closed).toEqual({ code, reason: `${error.code}: ${error.message}` });
    expect(client.order).toEqual(['Metadata', '40 ms']);
    expect(server.opener.opened[0]?.closed).toBe(true);
  });

  test('no place for a speech ends the socket with 4503', async () => {
    server.opener.refusal = new AppError('overloaded', 'Too many are speaking.');
    using client = await SpeakClient.open(server.url);
    client.speak('Un.');
    await expect.poll(() => client.closed).toMatchObject({ code: closeCodes.overloaded });
  });

  test.each([
    ['no JSON', '{'],
    ['no object', 'null'],
    ['an unknown type', '{"type":"Sing"}'],
    ['text that is no text', '{"type":"Speak","text":7}'],
    ['a message that is too long', JSON.stringify({ type: 'Speak', text: 'a'.repeat(2_001) })],
    ['sound', Buffer.alloc(10)],
  ])('%s is a Warning that does not repeat it, and the socket goes on', async (_what, message) => {
    using client = await SpeakClient.open(server.url);
    client.socket.send(message);
    await expect.poll(() => client.of('Warning').length).toBe(1);
    expect(client.of('Warning')[0]?.description).not.toMatch(/Sing|aaa/);
    client.speak('Oui.');
    client.flush();
    await flushed(client);
  });

  test('ten of them close it', async () => {
    using client = await SpeakClient.open(server.url);
    for (let time = 0; time < 12; time += 1) client.socket.send('{');
    await expect.poll(() => client.closed).toMatchObject({ code: closeCodes.invalidRequest });
    expect(client.of('Warning')).toHaveLength(10);
  });

  test('more text in a minute than anybody can hear closes with 4429', async () => {
    await using narrow = await serveWires({ maxCharsPerMinute: 100 });
    using client = await SpeakClient.open(narrow.url);
    for (let time = 0; time < 11; time += 1) client.speak('Dix lettres');
    await expect.poll(() => client.closed).toMatchObject({ code: closeCodes.rateLimited });
  });

  test('more flushes than anybody needs close with 4429', async () => {
    server.opener.silence = new Promise(() => undefined);
    using client = await SpeakClient.open(server.url);
    client.speak('Un.');
    for (let time = 0; time < 1_001; time += 1) client.flush();
    await expect.poll(() => client.closed).toMatchObject({ code: closeCodes.rateLimited });
  });

  test('a client that does not read gets no more made for it, and is closed as a slow reader', async () => {
    await using narrow = await serveWires({ maxUnsentBytes: 50_000, slowReaderMs: 200 });
    using client = await SpeakClient.open(narrow.url);
    client.socket.pause();
    // 80 s at 48 kB/s for each, more than the sockets' own buffers take.
    for (let time = 0; time < 9; time += 1) client.speak(`${'a'.repeat(1_990)}. `);
    await expect.poll(() => narrow.opener.opened[0]?.closed, { timeout: 5_000 }).toBe(true);
    client.socket.resume();
    await expect.poll(() => client.closed).toMatchObject({ code: expect.any(Number) });
    expect([closeCodes.slowReader, 1006]).toContain(client.closed?.code);
    expect(client.sound.length).toBeLessThan(9 * 2_000 * 480);
  });
});

describe('a client that does not read what it asks for', () => {
  const FLUSH = JSON.stringify({ type: 'Flush' });

  /** Asks for replies and reads none. @returns how many times, less if nobody reads */
  async function flood(client: SpeakClient, most: number): Promise<number> {
    let sent = 0;
    client.socket.pause();
    for (; sent < most && client.socket.bufferedAmount < 200_000; sent += 1_000) {
      for (let time = 0; time < 1_000; time += 1) client.socket.send(FLUSH);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return sent;
  }

  test('its messages are not read any more, then it is closed as a slow reader', async () => {
    await using narrow = await serveWires({ maxUnsentBytes: 50_000, slowReaderMs: 300 });
    using client = await SpeakClient.open(narrow.url);
    // More than the sockets' own buffers hold.
    await flood(client, 400_000);
    const streams = async () => /tts_streams (\d+)/.exec(await narrow.telemetry.registry.metrics())?.[1];
    await expect.poll(streams, { timeout: 5_000 }).toBe('0');
    client.socket.resume();
    await expect.poll(() => client.closed?.code, { timeout: 5_000 }).toBeOneOf([closeCodes.slowReader, 1006]);
  });

  test('one that reads again in time is answered all', async () => {
    await using narrow = await serveWires({ maxUnsentBytes: 20_000, slowReaderMs: 30_000 });
    using client = await SpeakClient.open(narrow.url);
    const sent = await flood(client, 10_000);
    client.socket.resume();
    await expect.poll(() => client.of('Flushed').length, { timeout: 20_000 }).toBe(sent);
    expect(client.of('Flushed').at(-1)).toEqual({ type: 'Flushed', sequence_id: sent - 1 });
  });
});

describe('who may speak', () => {
  test.each([
    ['no key', { headers: {} }],
    ['a wrong key', { headers: { authorization: 'Token wrong' } }],
  ])('%s is a 401 before the upgrade', async (_what, options) => {
    await expect(SpeakClient.open(server.url, {}, options)).rejects.toThrow('401');
  });

  test('a browser puts its key among the subprotocols, and is answered the scheme, never the key', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/speak`, ['token', TENANT_KEY]);
    const protocol = await new Promise((resolve, reject) => {
      socket.once('open', () => resolve(socket.protocol));
      socket.once('error', reject);
    });
    expect(protocol).toBe('token');
    socket.send(JSON.stringify({ type: 'Speak', text: 'Oui.' }));
    await expect.poll(() => server.opener.opened[0]?.options.tenant).toMatch(/^[0-9a-f]{32}$/);
    socket.terminate();
  });

  test.each([
    [{ voice: 'zorglub' }, 'unknown_voice'],
    [{ encoding: 'mp3' }, 'invalid_request'],
    [{ sample_rate: '44100' }, 'invalid_request'],
    [{ speed: '9' }, 'invalid_request'],
  ])('%j is a 400 before the upgrade', async (query, code) => {
    await expect(SpeakClient.open(server.url, query)).rejects.toThrow('400');
    const search = new URLSearchParams(query).toString();
    const response = await fetch(`${server.url}/v1/speak?${search}`, { headers: { authorization: `Token ${KEY}` } });
    expect(problemSchema.parse(await response.json()).code).toBe(code);
  });

  test('one socket more than there may be is refused with 503, and let in when another has left', async () => {
    await using small = await serveWires({ max: 1 });
    using first = await SpeakClient.open(small.url);
    expect(await small.telemetry.registry.metrics()).toContain('eloquence_tts_streams 1');
    await expect(SpeakClient.open(small.url)).rejects.toThrow('503');
    first.send({ type: 'Close' });
    await expect.poll(() => first.closed).toBeDefined();
    using second = await SpeakClient.open(small.url);
    expect(second.socket.readyState).toBe(WebSocket.OPEN);
  });

  test('a key of API_KEYS holds half of the sockets at most, and never those of our own services', async () => {
    await using small = await serveWires({ max: 3 });
    const asTenant = { headers: { authorization: `Token ${TENANT_KEY}` } };
    using first = await SpeakClient.open(small.url, {}, asTenant);
    using second = await SpeakClient.open(small.url, {}, asTenant);
    await expect(SpeakClient.open(small.url, {}, asTenant)).rejects.toThrow('429');
    using own = await SpeakClient.open(small.url);
    await expect(SpeakClient.open(small.url, {}, asTenant)).rejects.toThrow('503');
    using agent = await SpeakClient.open(small.url);
    using another = await SpeakClient.open(small.url);
    await expect(SpeakClient.open(small.url)).rejects.toThrow('503');
    for (const { closed } of [first, second, own, agent, another]) expect(closed).toBeUndefined();
  });

  test('the stream has an id that goes out with the upgrade', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/speak`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    const id = await new Promise((resolve) => {
      socket.once('upgrade', (response) => resolve(response.headers['dg-request-id']));
    });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    socket.terminate();
  });
});
