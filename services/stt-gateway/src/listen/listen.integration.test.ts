import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { Client, startGateway, textOf, type RunningGateway } from '../test-support/gateway.ts';
import { hum, silence, speak } from '../test-support/speech.ts';
import { ALAW, MULAW } from '../wire/g711.ts';

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
  engine.answer = () => 'bonjour';
  engine.delayMs = 0;
});

describe('listening', () => {
  test('two one-word answers give exactly two finals, in order, with word times on the stream clock', async () => {
    engine.answer = (_heard, index) => (index === 0 ? 'oui' : 'non');
    using client = await Client.open(gateway.url, { vad_events: 'true' });
    const pcm = Buffer.concat([silence(500), await speak('oui'), silence(900), await speak('non'), silence(900)]);
    await client.play(pcm, 4);
    await client.finish();
    expect(client.said).toEqual(['oui', 'non']);
    expect(client.finals.every((final) => final.speech_final)).toBe(true);
    const [first, second] = client.finals;
    expect(first?.channel.alternatives[0]?.words[0]).toMatchObject({ word: 'oui', start: first?.start });
    expect(second?.start).toBeGreaterThan((first?.start ?? 0) + (first?.duration ?? 0));
    expect(client.messages.filter((message) => message.type === 'SpeechStarted')).toHaveLength(2);
    expect(client.messages.at(-1)).toMatchObject({ type: 'Metadata', duration: Math.round(pcm.length / 32) / 1000 });
    expect(client.closed).toEqual({ code: 1000, reason: '' });
  });

  test('20 s of silence and 20 s of hum produce nothing and cost no decode', async () => {
    using client = await Client.open(gateway.url, { vad_events: 'true', interim_results: 'true' });
    await client.play(Buffer.concat([silence(20_000), hum(20_000)]), Infinity);
    await client.finish(20_000);
    expect(client.said).toEqual([]);
    expect(engine.requests).toHaveLength(0);
  });

  test('interims follow a sentence while it is spoken and the final ends them', async () => {
    engine.answer = (heard) => `mot ${Math.floor(heard.durationS)}`;
    using client = await Client.open(gateway.url, { interim_results: 'true' });
    const sentence = await speak('je voudrais prendre un rendez-vous pour une coupe et une couleur vendredi prochain');
    await client.play(Buffer.concat([sentence, silence(800)]), 1);
    await client.finish();
    expect(client.interims.length).toBeGreaterThanOrEqual(3);
    expect(client.said).toHaveLength(1);
    const lastInterim = client.messages.indexOf(client.interims.at(-1) as never);
    expect(client.messages.indexOf(client.finals[0] as never)).toBeGreaterThan(lastInterim);
  });

  test('the final comes by the wall clock when the client stops sending in silence', async () => {
    using client = await Client.open(gateway.url, { utterance_end_ms: '1000' });
    await client.play(Buffer.concat([silence(300), await speak('bonjour madame')]), 1);
    await client.until(({ finals }) => finals.length === 1, 3_000);
    await client.until(({ messages }) => messages.some((message) => message.type === 'UtteranceEnd'), 3_000);
    expect(client.messages.map((message) => message.type)).toEqual(['Results', 'UtteranceEnd']);
  });

  test('the guess decoded in a short pause is used: one decode per utterance', async () => {
    using client = await Client.open(gateway.url);
    await client.play(Buffer.concat([silence(300), await speak('bonjour'), silence(800)]), 1);
    await client.until(({ finals }) => finals.length === 1);
    expect(engine.requests).toHaveLength(1);
    expect(engine.requests[0]).toMatchObject({
      contentType: 'audio/pcm;rate=16000',
      authorization: 'Bearer test-key-of-the-gateway',
      path: '/v1/audio/transcriptions?words=true&response_format=verbose_json&class=speculative&language=fr',
    });
  });

  test('Finalize ends the utterance at once and marks its final', async () => {
    using client = await Client.open(gateway.url, { endpointing: 'false' });
    await client.play(Buffer.concat([silence(300), await speak('bonjour madame')]), 4);
    client.control('Finalize');
    await client.until(({ finals }) => finals.length === 1);
    expect(client.finals[0]).toMatchObject({ from_finalize: true, is_final: true });
    expect(textOf(client.finals[0] as never)).toBe('bonjour');
  });

  test('Finalize is echoed although nothing was said', async () => {
    using client = await Client.open(gateway.url);
    client.control('Finalize');
    await client.until(({ finals }) => finals.length === 1);
    expect(client.finals[0]).toMatchObject({ from_finalize: true, start: 0, duration: 0 });
    expect(textOf(client.finals[0] as never)).toBe('');
  });

  test('a sentence that never ends is cut after 20 to 25 s, without a pause told', async () => {
    using client = await Client.open(gateway.url);
    const sentence = await speak('je voudrais prendre un rendez-vous pour une coupe et une couleur vendredi prochain');
    const spoken = sentence.subarray(8_000, sentence.length - 16_000);
    await client.play(Buffer.concat(Array.from({ length: 20 }, () => spoken)), Infinity);
    await client.finish(20_000);
    const cut = client.finals.slice(0, -1);
    expect(cut.length).toBeGreaterThanOrEqual(2);
    for (const final of cut) {
      expect(final.duration).toBeLessThanOrEqual(25);
      expect(final.duration).toBeGreaterThanOrEqual(20);
    }
    expect(cut[0]?.speech_final).toBe(false);
    // Nothing between the pieces is lost.
    expect(cut[1]?.start).toBeCloseTo((cut[0]?.start ?? 0) + (cut[0]?.duration ?? 0), 2);
  });

  test('micro-batches: windows of 20 to 30 s cut at pauses, and a draft of what is not final every 8 s', async () => {
    engine.answer = (heard) => `${Math.round(heard.durationS)} secondes`;
    using client = await Client.open(gateway.url, { mode: 'micro_batch' });
    const sentence = await speak('je voudrais prendre un rendez-vous pour une coupe et une couleur vendredi prochain');
    const spoken = Buffer.concat([sentence, silence(900)]);
    const lengthS = (spoken.length * 12) / 32_000;
    await client.play(Buffer.concat(Array.from({ length: 12 }, () => spoken)), 10);
    await client.finish(20_000);
    const windows = client.finals.filter((final) => textOf(final) !== '');
    expect(windows.length).toBeGreaterThanOrEqual(Math.floor(lengthS / 30));
    for (const { duration } of windows.slice(0, -1)) {
      expect(duration).toBeGreaterThanOrEqual(18);
      expect(duration).toBeLessThanOrEqual(30);
    }
    // Nowhere does more than 10 s of speech pass without text.
    const covered = [0, ...client.interims, ...client.finals]
      .map((result) => (typeof result === 'number' ? result : result.start + result.duration))
      .toSorted((a, b) => a - b);
    const steps = covered.slice(1).map((end, index) => end - (covered[index] as number));
    expect(Math.max(...steps)).toBeLessThanOrEqual(10);
  });

  test.each([8_000, 24_000, 44_100, 48_000])('%i Hz is heard as well as 16 kHz', async (rateHz) => {
    using client = await Client.open(gateway.url, { sample_rate: String(rateHz) });
    const pcm = Buffer.concat([silence(500, rateHz), await speak('bonjour', { rateHz }), silence(800, rateHz)]);
    await client.play(pcm, 8, rateHz * 2);
    await client.finish();
    expect(client.said).toEqual(['bonjour']);
    expect(client.messages.at(-1)).toMatchObject({ type: 'Metadata' });
    expect((client.messages.at(-1) as { duration: number }).duration).toBeCloseTo(pcm.length / 2 / rateHz, 2);
    expect(engine.requests[0]?.durationS).toBeLessThan(1.6);
  });

  test.each(['mulaw', 'alaw'])('%s of a telephone is heard', async (encoding) => {
    using client = await Client.open(gateway.url, { encoding });
    const pcm = Buffer.concat([silence(500, 8_000), await speak('bonjour', { rateHz: 8_000 }), silence(800, 8_000)]);
    await client.play(companded(pcm, encoding === 'mulaw' ? MULAW : ALAW), 8, 8_000);
    await client.finish();
    expect(client.said).toEqual(['bonjour']);
    expect((client.messages.at(-1) as { duration: number }).duration).toBeCloseTo(pcm.length / 16_000, 2);
  });

  test('key terms given while listening hold from the next utterance on', async () => {
    using client = await Client.open(gateway.url, { keyterm: 'Nguyen', keywords: 'balayage:2' });
    const word = Buffer.concat([silence(400), await speak('bonjour'), silence(800)]);
    await client.play(word, 4);
    await client.until(({ finals }) => finals.length === 1);
    client.socket.send(JSON.stringify({ type: 'Configure', keyterms: ['Eloquence'] }));
    await client.until((own) => own.of('ConfigureSuccess').length === 1);
    await client.play(word, 4);
    await client.until(({ finals }) => finals.length === 2);
    const prompts = engine.requests.map(({ path }) => new URLSearchParams(path.split('?')[1]).get('prompt'));
    expect(prompts).toEqual(['Nguyen, balayage', 'Eloquence']);
    const [first, second] = client.finals;
    expect(second?.start).toBeGreaterThan((first?.start ?? 0) + (first?.duration ?? 0));
  });

  test('more key terms than can be used are refused, and the stream goes on', async () => {
    using client = await Client.open(gateway.url);
    const keyterms = Array.from({ length: 101 }, (_, n) => `terme ${n}`);
    client.socket.send(JSON.stringify({ type: 'Configure', keyterms }));
    await client.until((own) => own.of('ConfigureFailure').length === 1);
    expect(client.of('ConfigureFailure')[0]).toMatchObject({ code: 'CONFIGURE_KEYTERM_LIMIT_EXCEEDED' });
  });

  test('frames cut in the middle of a sample do not matter', async () => {
    using client = await Client.open(gateway.url);
    const pcm = Buffer.concat([silence(500), await speak('oui'), silence(800)]);
    for (let offset = 0; offset < pcm.length; offset += 1001) client.socket.send(pcm.subarray(offset, offset + 1001));
    await client.finish();
    expect(client.said).toEqual(['bonjour']);
  });
});

/** s16le -> the byte of the table whose sample is nearest. */
function companded(pcm: Buffer, table: Int16Array): Buffer {
  const order = Array.from({ length: 256 }, (_, byte) => byte).toSorted(
    (a, b) => (table[a] as number) - (table[b] as number),
  );
  const nearest = (sample: number) => order.find((byte) => (table[byte] as number) >= sample) ?? order.at(-1) ?? 0;
  return Buffer.from(Array.from({ length: pcm.length / 2 }, (_, index) => nearest(pcm.readInt16LE(2 * index))));
}
