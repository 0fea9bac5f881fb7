import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { KEY, shortened, startGateway, type RunningGateway } from '../test-support/gateway.ts';
import { RealtimeClient } from '../test-support/realtime-client.ts';
import { silence, speak } from '../test-support/speech.ts';

const RATE_HZ = 24_000;
const BYTES_PER_S = RATE_HZ * 2;
const engine = new FakeEngine();
let gateway: RunningGateway;

beforeAll(async () => {
  await engine.start();
  gateway = await startGateway(engine.url);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await engine.stop();
});
beforeEach(() => {
  engine.requests.length = 0;
  engine.answer = () => 'bonjour madame';
  engine.delayMs = 0;
});

const say = (text: string) => speak(text, { rateHz: RATE_HZ });
const quiet = (ms: number) => silence(ms, RATE_HZ);
const MANUAL = { turn_detection: null };
const VAD = { turn_detection: { type: 'server_vad', silence_duration_ms: 350 } };

describe('a session', () => {
  test('is created at once, then updated to what the client asked for', async () => {
    using client = await RealtimeClient.open(gateway.url, null);
    await client.until(({ names }) => names.length === 1);
    client.update({ ...VAD, transcription: { model: 'whisper-1', language: 'fr' } });
    await client.until(({ names }) => names.length === 2);
    expect(client.names).toEqual(['session.created', 'session.updated']);
    expect(client.of('session.updated')[0]?.session.audio.input).toMatchObject({
      format: { type: 'audio/pcm', rate: 24_000 },
      transcription: { model: 'whisper-1', language: 'fr' },
      turn_detection: { type: 'server_vad', silence_duration_ms: 350 },
    });
  });

  test("a browser's key among the subprotocols lets in, and is not sent back", async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/realtime`, [
      'realtime',
      `openai-insecure-api-key.${KEY}`,
    ]);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    expect(socket.protocol).toBe('realtime');
    socket.terminate();
  });

  test('a language the engine does not understand is an error, and the session goes on in what it had', async () => {
    await using frenchOnly = await new FakeEngine().start();
    frenchOnly.engine = { ...frenchOnly.engine, languages: ['fr'] };
    await using front = await startGateway(frenchOnly.url);
    using client = await RealtimeClient.open(front.url);
    await client.until(({ names }) => names.includes('session.updated'));
    client.send({
      type: 'session.update',
      event_id: 'mine',
      session: { audio: { input: { transcription: { language: 'en' } } } },
    });
    await client.until(({ names }) => names.includes('error'));
    expect(client.of('error')[0]?.error).toMatchObject({ code: 'unsupported_language', event_id: 'mine' });
    await client.play(Buffer.concat([quiet(300), await say('bonjour'), quiet(900)]), 8, BYTES_PER_S);
    await client.until(({ completed }) => completed.length === 1);
    expect(frenchOnly.requests[0]?.path).toContain('language=fr');
  });
});

describe('with server_vad', () => {
  test('each utterance is a turn: started, stopped, committed, completed; times on the stream clock', async () => {
    engine.answer = (_heard, index) => (index === 0 ? 'oui' : 'non');
    using client = await RealtimeClient.open(gateway.url, VAD);
    await client.play(
      Buffer.concat([quiet(500), await say('oui'), quiet(900), await say('non'), quiet(900)]),
      4,
      BYTES_PER_S,
    );
    await client.until(({ completed }) => completed.length === 2);
    expect(client.completed.map(({ transcript }) => transcript)).toEqual(['oui', 'non']);
    const order = client.names.filter((name) => !name.startsWith('session') && !name.endsWith('delta'));
    const turn = [
      'speech_started',
      'speech_stopped',
      'committed',
      'added',
      'done',
      'input_audio_transcription.completed',
    ];
    expect([...order].toSorted()).toEqual([...turn, ...turn].toSorted());
    const [first, second] = client.of('input_audio_buffer.speech_started');
    expect(first?.audio_start_ms).toBeGreaterThan(400);
    expect(second?.audio_start_ms).toBeGreaterThan(1_300);
    expect(client.completed[1]?.item_id).toBe(second?.item_id);
    expect(client.of('input_audio_buffer.committed')[1]?.previous_item_id).toBe(first?.item_id);
  });

  test('deltas of a sentence add up to the beginning of its text', async () => {
    engine.answer = (heard) =>
      ['je', 'voudrais', 'prendre', 'un', 'rendez-vous', 'vendredi', 'prochain']
        .slice(0, Math.ceil(heard.durationS * 1.8))
        .join(' ');
    using client = await RealtimeClient.open(gateway.url, VAD);
    const sentence = await say('je voudrais prendre un rendez-vous pour une coupe et une couleur vendredi prochain');
    await client.play(Buffer.concat([sentence, quiet(800)]), 1, BYTES_PER_S);
    await client.until(({ completed }) => completed.length === 1);
    expect(client.deltas.length).toBeGreaterThanOrEqual(2);
    expect(client.deltas.map(({ delta }) => delta).join('')).toBe(client.completed[0]?.transcript);
  });

  test('a commit right after the pause neither decodes the tail again nor is an error', async () => {
    using client = await RealtimeClient.open(gateway.url, VAD);
    await client.play(Buffer.concat([quiet(300), await say('bonjour'), quiet(500)]), 2, BYTES_PER_S);
    await client.until(({ names }) => names.includes('speech_stopped'));
    client.commit();
    await client.until(({ completed }) => completed.length === 2);
    expect(client.completed.map(({ transcript }) => transcript)).toEqual(['bonjour madame', '']);
    expect(engine.requests).toHaveLength(1);
    expect(client.of('error')).toEqual([]);
  });

  test('the turn ends by the wall clock when the client stops sending in silence', async () => {
    using client = await RealtimeClient.open(gateway.url, VAD);
    await client.play(Buffer.concat([quiet(300), await say('bonjour madame')]), 1, BYTES_PER_S);
    await client.until(({ completed }) => completed.length === 1, 3_000);
    expect(client.names).toContain('speech_stopped');
  });

  test('a language set between two utterances holds for the second, on the same clock', async () => {
    using client = await RealtimeClient.open(gateway.url, VAD);
    const word = Buffer.concat([quiet(400), await say('bonjour'), quiet(900)]);
    await client.play(word, 4, BYTES_PER_S);
    await client.until(({ completed }) => completed.length === 1);
    client.update({ transcription: { language: 'en' } });
    await client.play(word, 4, BYTES_PER_S);
    await client.until(({ completed }) => completed.length === 2);
    expect(engine.requests.map(({ path }) => /language=(\w+)/.exec(path)?.[1])).toEqual(['fr', 'en']);
    const [, second] = client.of('input_audio_buffer.speech_started');
    expect(second?.audio_start_ms).toBeGreaterThan((word.length / BYTES_PER_S) * 1000 + 300);
  });
});

describe('with turns left to the client', () => {
  test('pauses end nothing, a commit gives all that was said as one item, and nothing is told of speech', async () => {
    engine.answer = (heard) => (heard.durationS > 1.8 ? 'oui et non' : 'oui');
    using client = await RealtimeClient.open(gateway.url, MANUAL);
    await client.play(
      Buffer.concat([quiet(300), await say('oui'), quiet(1_500), await say('non'), quiet(200)]),
      4,
      BYTES_PER_S,
    );
    client.commit();
    await client.until(({ completed }) => completed.length === 1);
    expect(client.completed[0]?.transcript).toBe('oui et non');
    expect(client.names).not.toContain('speech_started');
    expect(client.names.filter((name) => name === 'committed')).toHaveLength(1);
  });

  test('speech longer than an engine takes at once is one item all the same', async () => {
    engine.answer = (_heard, index) => `morceau ${index}`;
    using client = await RealtimeClient.open(gateway.url, MANUAL);
    const sentence = await say('je voudrais prendre un rendez-vous pour une coupe et une couleur vendredi prochain');
    const spoken = sentence.subarray(12_000, sentence.length - 24_000);
    await client.play(Buffer.concat(Array.from({ length: 14 }, () => spoken)), Infinity, BYTES_PER_S);
    client.commit();
    await client.until(({ completed }) => completed.length === 1, 20_000);
    expect(client.completed[0]?.transcript).toMatch(/^morceau \d+( morceau \d+)+$/);
    expect(client.completed[0]?.usage.seconds).toBeGreaterThan(30);
  });

  test('a commit with nothing said is answered with no text', async () => {
    using client = await RealtimeClient.open(gateway.url, MANUAL);
    client.commit();
    await client.play(quiet(500), Infinity, BYTES_PER_S);
    client.commit();
    client.commit();
    await client.until(({ completed }) => completed.length === 3);
    expect(client.completed.map(({ transcript }) => transcript)).toEqual(['', '', '']);
    expect(engine.requests).toHaveLength(0);
  });

  test('clear forgets what was said before it', async () => {
    using client = await RealtimeClient.open(gateway.url, MANUAL);
    await client.play(Buffer.concat([quiet(300), await say('bonjour')]), 4, BYTES_PER_S);
    client.send({ type: 'input_audio_buffer.clear' });
    client.commit();
    await client.until(({ completed }) => completed.length === 1);
    expect(client.completed[0]?.transcript).toBe('');
    expect(client.names).toContain('cleared');
  });
});

describe('any order of things', () => {
  test.each([1, 2, 3])('every item committed is completed once, in the order of commits (seed %i)', async (seed) => {
    engine.answer = (_heard, index) => `texte ${index}`;
    const word = await say('bonjour');
    using client = await RealtimeClient.open(gateway.url, VAD);
    let state = seed;
    const dice = (sides: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * sides);
    };
    const actions: readonly (() => void | Promise<void>)[] = [
      () => client.play(word, Infinity, BYTES_PER_S),
      () => client.play(quiet(900), Infinity, BYTES_PER_S),
      () => client.play(word.subarray(0, 12_000), Infinity, BYTES_PER_S),
      () => client.commit(),
      () => client.commit(),
      () => client.send({ type: 'input_audio_buffer.clear' }),
      () => client.update(dice(2) === 0 ? MANUAL : VAD),
      () => client.update({ transcription: { language: dice(2) === 0 ? 'fr' : 'en' } }),
      () => new Promise<void>((resolve) => setTimeout(resolve, dice(60))),
    ];
    for (let step = 0; step < 120; step += 1) await actions[dice(actions.length)]?.();
    client.commit();
    client.update({ noise_reduction: { type: 'far_field' } });
    const all = () => client.of('session.updated').some(({ session }) => session.audio.input.noise_reduction);
    const committed = () => client.of('input_audio_buffer.committed').map(({ item_id }) => item_id);
    const done = () => client.completed.map(({ item_id }) => item_id);
    const heard = () => client.of('input_audio_buffer.speech_started').length;
    const stopped = () => client.of('input_audio_buffer.speech_stopped').length;
    await client.until(() => all() && done().length >= committed().length && stopped() === heard(), 20_000);
    expect(committed().length).toBeGreaterThan(5);
    expect(done()).toEqual(committed());
    expect(client.of('error')).toEqual([]);
  });
});

describe('other audio', () => {
  test.each([
    ['audio/pcm at 16 kHz', { type: 'audio/pcm', rate: 16_000 }],
    ['audio/pcm at 48 kHz', { type: 'audio/pcm', rate: 48_000 }],
  ])('%s is heard', async (_name, format) => {
    using client = await RealtimeClient.open(gateway.url, { ...VAD, format });
    const { rate } = format;
    await client.play(
      Buffer.concat([silence(300, rate), await speak('bonjour', { rateHz: rate }), silence(900, rate)]),
      8,
      rate * 2,
    );
    await client.until(({ completed }) => completed.length === 1);
    expect(client.completed[0]?.transcript).toBe('bonjour madame');
  });

  test('µ-law at 8 kHz, as telephones send it, is heard', async () => {
    using client = await RealtimeClient.open(gateway.url, { ...VAD, format: { type: 'audio/pcmu' } });
    const pcm = Buffer.concat([silence(300, 8_000), await speak('bonjour', { rateHz: 8_000 }), silence(900, 8_000)]);
    await client.play(mulaw(pcm), 8, 8_000);
    await client.until(({ completed }) => completed.length === 1);
    expect(engine.requests[0]?.durationS).toBeLessThan(1.6);
  });
});

describe('misbehaviour', () => {
  test.each([
    ['text that is no JSON', 'garbage'],
    ['an event of no type', '{}'],
    ['an event we do not take', '{"type":"response.create","event_id":"e1"}'],
    ['a conversation session', '{"type":"session.update","session":{"type":"realtime"}}'],
    ['base64 that is none', '{"type":"input_audio_buffer.append","audio":"$$$$"}'],
    ['audio that is no text', '{"type":"input_audio_buffer.append","audio":[1,2]}'],
    [
      'a rate without a filter',
      '{"type":"session.update","session":{"audio":{"input":{"format":{"type":"audio/pcm","rate":7}}}}}',
    ],
  ])('%s is an error event, and the session goes on', async (_name, text) => {
    using client = await RealtimeClient.open(gateway.url, MANUAL);
    client.socket.send(text);
    await client.until(({ names }) => names.includes('error'));
    expect(client.of('error')[0]?.error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_request' });
    client.commit();
    await client.until(({ completed }) => completed.length === 1);
  });

  test('a binary frame is an error; ten mistakes close with 4400', async () => {
    using client = await RealtimeClient.open(gateway.url);
    for (let count = 0; count < 10; count += 1) client.socket.send(Buffer.alloc(100));
    await client.until(({ closed }) => closed !== undefined);
    expect(client.of('error')).toHaveLength(10);
    expect(client.closed).toEqual({ code: 4400, reason: 'invalid_request: 10 frames made no sense' });
  });

  test('10 MB in one message closes with 1009', async () => {
    using client = await RealtimeClient.open(gateway.url);
    client.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(10_000_000) });
    await client.until(({ closed }) => closed !== undefined);
    expect(client.closed?.code).toBe(1009);
  });

  test('a reader that does not read is closed with 4408', async () => {
    await using strict = await startGateway(engine.url, shortened({ maxBufferedBytes: 65_536 }));
    using client = await RealtimeClient.open(strict.url);
    client.socket.pause();
    const dropped = async () => (await strict.telemetry.registry.metrics()).includes('reason="slow_reader"');
    const deadline = performance.now() + 20_000;
    // The system's own buffers take some megabytes before ours fill.
    while (!(await dropped()) && performance.now() < deadline) {
      for (let count = 0; count < 500; count += 1) client.update({ transcription: { prompt: 'mot, '.repeat(100) } });
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.socket.resume();
    await client.until(({ closed }) => closed !== undefined, 20_000);
    expect(client.closed?.code).toBe(4408);
  });

  test('a half-open socket is ended after two missed pings, others are not', async () => {
    await using impatient = await startGateway(engine.url, shortened({ pingMs: 400 }));
    using client = await RealtimeClient.open(impatient.url, {}, { autoPong: false });
    using other = await RealtimeClient.open(impatient.url);
    await client.until(({ closed }) => closed !== undefined);
    expect(client.closed?.code).toBe(1006);
    expect(other.closed).toBeUndefined();
  });

  test('commits that are not waited for are refused at last, not piled up', async () => {
    engine.delayMs = 5_000;
    using client = await RealtimeClient.open(gateway.url, MANUAL);
    await client.play(await say('bonjour'), Infinity, BYTES_PER_S);
    for (let count = 0; count < 300; count += 1) client.commit();
    await client.until(({ closed }) => closed !== undefined);
    expect(client.of('input_audio_buffer.committed')).toHaveLength(256);
    expect(client.of('error')[0]?.error.code).toBe('rate_limited');
    expect(client.closed?.code).toBe(4400);
  });

  test('an engine that fails gives failed for the item, no error of the session', async () => {
    engine.answer = () => ({ status: 400, body: { error: { message: 'no' } } });
    using client = await RealtimeClient.open(gateway.url, MANUAL);
    await client.play(Buffer.concat([quiet(300), await say('bonjour')]), 8, BYTES_PER_S);
    client.commit();
    await client.until(({ names }) => names.includes('input_audio_transcription.failed'));
    expect(client.of('error')).toEqual([]);
    expect(client.closed).toBeUndefined();
  });

  test('a socket kept in stock stays open without audio, and not for ever', async () => {
    await using strict = await startGateway(engine.url, shortened({ idleMs: 100, quietMs: 1_500 }));
    using client = await RealtimeClient.open(strict.url);
    const openedMs = performance.now();
    await client.until(({ closed }) => closed !== undefined);
    expect(performance.now() - openedMs).toBeGreaterThan(1_300);
    expect(client.closed?.code).toBe(1001);
    expect(client.closed?.reason).toMatch(/^idle/);
  });

  test('when the service stops, the turn under way is completed before the close', async () => {
    const stopping = await startGateway(engine.url);
    using client = await RealtimeClient.open(stopping.url, MANUAL);
    await client.play(Buffer.concat([quiet(300), await say('bonjour')]), 8, BYTES_PER_S);
    await stopping[Symbol.asyncDispose]();
    await client.until(({ closed }) => closed !== undefined);
    expect(client.completed.map(({ transcript }) => transcript)).toEqual(['bonjour madame']);
    expect(client.closed?.code).toBe(1001);
  });
});

/** s16le -> G.711 µ-law, as ITU-T's reference encoder. */
function mulaw(pcm: Buffer): Buffer {
  return Buffer.from(
    Array.from({ length: pcm.length / 2 }, (_, index) => {
      const sample = pcm.readInt16LE(2 * index);
      const magnitude = Math.min(32_635, Math.abs(sample)) + 0x84;
      const exponent = Math.floor(Math.log2(magnitude)) - 7;
      const byte = (sample < 0 ? 0x80 : 0) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f);
      return ~byte & 0xff;
    }),
  );
}
