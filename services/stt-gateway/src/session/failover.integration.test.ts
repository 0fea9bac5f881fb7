import { FakeDeepgram } from '@eloquence/testkit/vendors/deepgram';
import { scriptedEar } from '@eloquence/testkit/vendors/word-ear';
import { request } from 'undici';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Config } from '../config.ts';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { Client, startGateway, type RunningGateway } from '../test-support/gateway.ts';
import { RealtimeClient } from '../test-support/realtime-client.ts';
import { silence, speak } from '../test-support/speech.ts';
import { teachWords, type TaughtWords } from '../test-support/taught-words.ts';

let taught: TaughtWords;
beforeAll(async () => {
  taught = await teachWords();
});

interface Bench extends AsyncDisposable {
  readonly deepgram: FakeDeepgram;
  readonly whisper: FakeEngine;
  readonly gateway: RunningGateway;
}

/** The real gateway before a Deepgram and a Whisper that both know the taught words. */
async function bench(overrides: Partial<Config> = {}): Promise<Bench> {
  const deepgram = await new FakeDeepgram().listen();
  const whisper = await new FakeEngine().start();
  deepgram.ear = taught.ear;
  whisper.answer = ({ body }) => {
    const pcm = new Int16Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
    return taught
      .ear(pcm)
      .map(({ word }) => word)
      .join(' ');
  };
  const engines = [
    { name: 'deepgram', url: deepgram.url, key: deepgram.apiKey, model: 'nova-3' },
    { name: 'whisper' },
  ] as const;
  const gateway = await startGateway(whisper.url, { engines, ...overrides });
  const dispose = async () => {
    await gateway[Symbol.asyncDispose]();
    await deepgram[Symbol.asyncDispose]();
    await whisper[Symbol.asyncDispose]();
    expect(deepgram.faults, 'requests and answers have the shape of the vendor’s document').toEqual([]);
  };
  return { deepgram, whisper, gateway, [Symbol.asyncDispose]: dispose };
}

const query = { interim_results: 'true', vad_events: 'true', endpointing: '300', utterance_end_ms: '1000' };
const told = (client: Client) => client.said.join(' ').split(' ');
const lastHeardS = (client: Client) => client.interims.at(-1)?.channel.alternatives[0]?.words.at(-1)?.end ?? 0;

async function metric(gateway: RunningGateway, pattern: RegExp): Promise<string[]> {
  const { body } = await request(`${gateway.url}/metrics`);
  return (await body.text()).split('\n').filter((line) => pattern.test(line));
}

async function engineCheck(gateway: RunningGateway): Promise<unknown> {
  const { body } = await request(`${gateway.url}/ready`);
  const { checks, engine } = (await body.json()) as { checks: { name: string }[]; engine?: { id: string } };
  return { ...checks.find(({ name }) => name === 'engine'), engine: engine?.id };
}

describe('a session relayed to a streaming engine', () => {
  test('tells what the engine hears: starts, interims, finals, ends, on the clock of its audio', async () => {
    await using running = await bench();
    using client = await Client.open(running.gateway.url, query);
    await client.play(Buffer.concat([taught.sentence(0, 3), silence(1_500), taught.sentence(3, 5), silence(1_500)]), 4);
    await client.finish();
    expect(client.said).toEqual([taught.words.slice(0, 3).join(' '), taught.words.slice(3, 5).join(' ')]);
    expect(client.messages.filter(({ type }) => type === 'SpeechStarted')).toHaveLength(2);
    expect(client.messages.filter(({ type }) => type === 'UtteranceEnd')).toHaveLength(2);
    const ends = client.finals.flatMap(({ channel }) => channel.alternatives[0]?.words.map(({ end }) => end) ?? []);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    expect(running.whisper.requests).toHaveLength(0);
    expect(running.deepgram.streams[0]?.query.get('language')).toBe('fr');
  });

  test('whose engine dies in the middle of a sentence goes on at the spare one: no word lost, none twice', async () => {
    await using running = await bench();
    const { deepgram, gateway } = running;
    using client = await Client.open(gateway.url, query);
    const playing = client.play(Buffer.concat([taught.sentence(0, 10), silence(1_500)]), 1);
    await client.until(() => lastHeardS(client) > 2.5);
    await deepgram[Symbol.asyncDispose]();
    await playing;
    await client.finish();
    expect(told(client)).toEqual(taught.words);
    expect(client.closed?.code).toBe(1000);
    const starts = client.finals.map(({ start }) => start);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(await metric(gateway, /engine_failovers_total\{/)).toContain(
      'eloquence_stt_engine_failovers_total{from="deepgram",to="whisper"} 1',
    );
    expect(await engineCheck(gateway)).toMatchObject({
      ok: true,
      engine: 'fake',
      detail: expect.stringMatching(/^whisper listens; deepgram is away: Deepgram cannot be reached/),
    });
  });

  test('whose connection breaks is opened once more at the same engine', async () => {
    await using running = await bench();
    const { deepgram, gateway, whisper } = running;
    using client = await Client.open(gateway.url, query);
    const playing = client.play(Buffer.concat([taught.sentence(0, 10), silence(1_500)]), 1);
    await client.until(() => lastHeardS(client) > 2.5);
    deepgram.cutStreams();
    await playing;
    await client.finish();
    expect(told(client)).toEqual(taught.words);
    expect(deepgram.streams).toHaveLength(2);
    expect(whisper.requests).toHaveLength(0);
    const words = client.finals.flatMap(({ channel }) => channel.alternatives[0]?.words ?? []);
    expect(words.map(({ start }) => start)).toEqual(words.map(({ start }) => start).toSorted((a, b) => a - b));
  });

  test('that was asked to finalize gets its answer from the engine that takes over', async () => {
    await using running = await bench();
    const { deepgram, gateway } = running;
    using client = await Client.open(gateway.url, { ...query, endpointing: 'false' });
    deepgram.mode = { type: 'stall' };
    await client.play(taught.sentence(0, 4), 4);
    client.control('Finalize');
    await expect.poll(() => deepgram.streams[0]?.controls).toContain('Finalize');
    deepgram.mode = { type: 'error', status: 503 };
    deepgram.cutStreams();
    await client.until(({ finals }) => finals.some(({ from_finalize: asked }) => asked));
    expect(client.said).toEqual([taught.words.slice(0, 4).join(' ')]);
    await client.finish();
    expect(client.said).toHaveLength(1);
  });

  test('whose engine hangs is moved within seconds', async () => {
    await using running = await bench({
      engineLimits: {
        decodeTimeoutMs: 20_000,
        connections: 4,
        stream: { connectTimeoutMs: 500, keepAliveMs: 4_000, silentMs: 700 },
      },
    });
    running.deepgram.mode = { type: 'stall' };
    using client = await Client.open(running.gateway.url, query);
    await client.play(Buffer.concat([taught.sentence(0, 6), silence(1_500)]), 2);
    await client.finish();
    expect(told(client)).toEqual(taught.words.slice(0, 6));
  });

  test('goes to the spare at once while the first engine is away, and back to the first once that is well', async () => {
    await using running = await bench();
    const { deepgram, gateway, whisper } = running;
    deepgram.mode = { type: 'error', status: 503 };
    using away = await Client.open(gateway.url, query);
    await away.play(Buffer.concat([taught.sentence(0, 3), silence(1_000)]), 4);
    await away.finish();
    expect(told(away)).toEqual(taught.words.slice(0, 3));
    const asked = whisper.requests.length;
    expect(asked).toBeGreaterThan(0);
    deepgram.mode = { type: 'ok' };
    await expect.poll(() => engineCheck(gateway), { timeout: 15_000 }).toMatchObject({ engine: 'deepgram' });
    using back = await Client.open(gateway.url, query);
    await back.play(Buffer.concat([taught.sentence(3, 6), silence(1_000)]), 4);
    await back.finish();
    expect(told(back)).toEqual(taught.words.slice(3, 6));
    expect(whisper.requests).toHaveLength(asked);
  });

  test('is kept open over silence with KeepAlive', async () => {
    await using running = await bench({
      engineLimits: {
        decodeTimeoutMs: 20_000,
        connections: 4,
        stream: { connectTimeoutMs: 500, keepAliveMs: 300, silentMs: 6_000 },
      },
    });
    running.deepgram.idleMs = 900;
    using client = await Client.open(running.gateway.url, query);
    await client.play(Buffer.concat([taught.sentence(0, 2), silence(600)]), 4);
    await expect
      .poll(() => running.deepgram.streams[0]?.controls.filter((type) => type === 'KeepAlive').length, {
        timeout: 5_000,
      })
      .toBeGreaterThan(5);
    await client.play(Buffer.concat([taught.sentence(2, 4), silence(600)]), 4);
    await client.finish();
    expect(told(client)).toEqual(taught.words.slice(0, 4));
    expect(running.deepgram.streams).toHaveLength(1);
  });

  test('that stops sending in the middle of its silence still gets its final', async () => {
    await using running = await bench();
    using client = await Client.open(running.gateway.url, query);
    await client.play(taught.sentence(0, 3), 1);
    await client.until(({ said }) => said.length === 1, 5_000);
    expect(client.finals.at(-1)).toMatchObject({ speech_final: true, from_finalize: false });
  });

  test('files are decoded by its recording API', async () => {
    await using running = await bench();
    const form = new FormData();
    const { wavOf } = await import('../audio/wav.ts');
    const pcm = taught.sentence(0, 5);
    form.append('file', new Blob([wavOf(new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2))]), 'a.wav');
    form.append('model', 'whisper-1');
    form.append('language', 'fr');
    const answer = await fetch(`${running.gateway.url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization: 'Bearer test-key-of-the-gateway' },
      body: form,
    });
    expect(await answer.json()).toMatchObject({ text: taught.words.slice(0, 5).join(' ') });
    expect(running.deepgram.streams).toHaveLength(0);
    expect(running.whisper.requests).toHaveLength(0);
  });
});

const say = (text: string) => speak(text, { rateHz: 24_000 });
const quiet = (ms: number) => silence(ms, 24_000);

/** A client of `/v1/realtime`; both engines say the same of any speech. */
async function openRealtime(running: Bench, turns: object | null): Promise<RealtimeClient> {
  running.deepgram.ear = scriptedEar(['bonjour madame']);
  running.whisper.answer = () => 'bonjour madame';
  return RealtimeClient.open(running.gateway.url, { turn_detection: turns });
}

describe('OpenAI’s wire over a streaming engine', () => {
  test('gives each pause its item, with a text once and deltas that lead to it', async () => {
    await using running = await bench();
    using client = await openRealtime(running, { type: 'server_vad', silence_duration_ms: 300 });
    await client.play(Buffer.concat([await say('un'), quiet(1_000), await say('deux'), quiet(1_000)]), 2, 48_000);
    await client.until(({ completed }) => completed.length === 2);
    expect(client.completed.map(({ transcript }) => transcript)).toEqual(['bonjour madame', 'bonjour madame']);
    expect(client.names.filter((name) => name === 'speech_started')).toHaveLength(2);
    expect(client.names.filter((name) => name === 'speech_stopped')).toHaveLength(2);
    expect(running.whisper.requests).toHaveLength(0);
  });

  test('commits and clears, also while the engine goes away', async () => {
    await using running = await bench();
    using client = await openRealtime(running, null);
    await client.play(await say('un'), 4, 48_000);
    client.send({ type: 'input_audio_buffer.clear' });
    client.commit();
    await client.until(({ completed }) => completed.length === 1);
    expect(client.completed[0]?.transcript).toBe('');
    await client.play(await say('deux'), 4, 48_000);
    client.commit();
    await client.until(({ completed }) => completed.length === 2);
    running.deepgram.mode = { type: 'error', status: 500 };
    await client.play(await say('trois'), 4, 48_000);
    running.deepgram.cutStreams();
    client.commit();
    await client.until(({ completed }) => completed.length === 3);
    expect(client.completed.slice(1).map(({ transcript }) => transcript)).toEqual(['bonjour madame', 'bonjour madame']);
    expect(client.of('error')).toEqual([]);
  });
});
