import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeWav } from '@eloquence/testkit/wav';
import { AudioFrame } from '@livekit/rtc-node';
import * as livekit from '@livekit/agents-plugin-openai';
import { initializeLogger } from '@livekit/agents';
import OpenAI, { AuthenticationError, BadRequestError, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OwnGateway } from './own-gateway.ts';
import { only, Recordings, runPython } from './python-client.ts';
import { misheard, record, type Recording } from './speech.ts';
import { key, sttUrl, whisperUrl } from './stack.ts';

const said = ["pouvez-vous répéter s'il vous plaît", 'quelle est votre adresse', "oui c'est bien ça"];
const folder = mkdtempSync(path.join(tmpdir(), 'eloquence-clients-'));
const file = path.join(folder, 'call.wav');
let recording: Recording;

beforeAll(async () => {
  initializeLogger({ pretty: false, level: 'silent' });
  recording = await record(said);
  writeWav(file, [recording.pcm]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const client = new OpenAI({ apiKey: key, baseURL: `${sttUrl}/v1` });
const base = { model: 'whisper-1', language: 'fr' } as const;
const send = () => createReadStream(file);
/** Milliseconds of `00:00:01,250` and `00:00:01.250`. */
const cueMs = (text: string) =>
  text
    .split(/[:,.]/)
    .map(Number)
    .reduce((sum, part, index) => sum + part * ([3_600_000, 60_000, 1000, 1][index] ?? 0), 0);

function expectInPlace(words: readonly { readonly start: number; readonly end: number }[]): void {
  const [first, last] = [recording.sentences[0], recording.sentences.at(-1)];
  expect(words[0]?.start).toBeGreaterThan((first?.startS ?? 0) - 0.3);
  expect(words.at(-1)?.end).toBeLessThan((last?.endS ?? 0) + 0.3);
  const starts = words.map(({ start }) => start);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(words.every(({ start, end }) => end >= start)).toBe(true);
}

describe('openai (Node), files', () => {
  test('json', async () => {
    const answer = await client.audio.transcriptions.create({ ...base, file: send() });
    expect(misheard(said, [answer.text])).toEqual([]);
  });

  test('verbose_json with words and segments', async () => {
    const answer = await client.audio.transcriptions.create({
      ...base,
      file: send(),
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
    });
    expect(misheard(said, [answer.text])).toEqual([]);
    expect(answer).toMatchObject({ language: 'french' });
    expect(answer.duration).toBeCloseTo(recording.pcm.length / recording.rateHz, 1);
    expectInPlace(answer.words ?? []);
    expectInPlace(answer.segments ?? []);
    expect(misheard(said, answer.segments?.map(({ text }) => text) ?? [])).toEqual([]);
  });

  test('text, srt and vtt', async () => {
    const text = await client.audio.transcriptions.create({ ...base, file: send(), response_format: 'text' });
    expect(misheard(said, [text])).toEqual([]);
    for (const format of ['srt', 'vtt'] as const) {
      const subtitles = await client.audio.transcriptions.create({ ...base, file: send(), response_format: format });
      const lines = subtitles.split('\n');
      const cues = lines.filter((line) => line.includes(' --> ')).map((line) => line.split(' --> ').map(cueMs));
      expectInPlace(cues.map(([start, end]) => ({ start: (start ?? 0) / 1000, end: (end ?? 0) / 1000 })));
      const spoken = lines.filter((line) => /[a-zà-ÿ]/.test(line) && !line.includes('WEBVTT'));
      expect(misheard(said, spoken)).toEqual([]);
    }
  });

  test('stream', async () => {
    const stream = await client.audio.transcriptions.create({ ...base, file: send(), stream: true });
    let text = '';
    let done: string | undefined;
    for await (const event of stream) {
      if (event.type === 'transcript.text.delta') text += event.delta;
      if (event.type === 'transcript.text.done') done = event.text;
    }
    expect(misheard(said, [text])).toEqual([]);
    expect(done).toBe(text);
  });

  test('models are listed', async () => {
    const ids = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain('whisper-1');
  });

  test('a wrong key and a wrong field are errors with our words', async () => {
    const stranger = new OpenAI({ apiKey: 'a-wrong-key', baseURL: `${sttUrl}/v1` });
    const refused = stranger.audio.transcriptions.create({ ...base, file: send() });
    await expect(refused).rejects.toThrow(AuthenticationError);
    await expect(refused).rejects.toThrow(/valid key/);
    const wrong = client.audio.transcriptions.create({ ...base, file: send(), temperature: 7 });
    await expect(wrong).rejects.toThrow(BadRequestError);
    await expect(wrong).rejects.toThrow(/temperature/);
  });

  test('a restart is bridged by the retries of the client', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    await gateway.stop();
    const patient = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 8 });
    // From memory: what is read from a stream cannot be sent a second time.
    const whole = await toFile(readFileSync(file), 'call.wav');
    const answer = patient.audio.transcriptions.create({ ...base, file: whole });
    await Promise.all([answer, gateway.start()]);
    expect(misheard(said, [(await answer).text])).toEqual([]);
  });
});

describe('@livekit/agents-plugin-openai, files', () => {
  test('recognizes an utterance', async () => {
    const plugin = new livekit.STT({
      apiKey: key,
      baseURL: `${sttUrl}/v1`,
      model: 'whisper-1',
      language: 'fr',
      useRealtime: false,
    });
    const frame = new AudioFrame(recording.pcm, recording.rateHz, 1, recording.pcm.length);
    const event = await plugin.recognize([frame]);
    expect(misheard(said, [event.alternatives?.[0]?.text ?? ''])).toEqual([]);
  });

  test('a wrong key is an error', async () => {
    const plugin = new livekit.STT({
      apiKey: 'a-wrong-key',
      baseURL: `${sttUrl}/v1`,
      model: 'whisper-1',
      useRealtime: false,
    });
    plugin.on('error', () => undefined);
    const frame = new AudioFrame(recording.pcm, recording.rateHz, 1, recording.pcm.length);
    await expect(plugin.recognize([frame])).rejects.toThrow(/valid key/);
  });
});

describe('openai (Python), files', () => {
  test('json, verbose_json, text, srt, vtt and stream', async () => {
    const reports = await runPython('openai_files', { url: sttUrl, key, file });
    expect(only(reports, 'exception')).toEqual([]);
    const answers = Object.fromEntries(reports.map(({ kind, ...members }) => [kind, members]));
    for (const kind of ['json', 'verbose_json', 'text', 'stream'])
      expect(misheard(said, [String(answers[kind]?.['text'])])).toEqual([]);
    expect(answers['stream']?.['done']).toBe(answers['stream']?.['text']);
    expectInPlace(answers['verbose_json']?.['words'] as { start: number; end: number }[]);
    expect(String(answers['srt']?.['text'])).toMatch(/^1\n00:00:0\d,\d{3} --> /);
    expect(String(answers['vtt']?.['text'])).toMatch(/^WEBVTT\n/);
  });

  test('a wrong key is an AuthenticationError with our words', async () => {
    const reports = await runPython('openai_files', { url: sttUrl, key: 'a-wrong-key', file });
    expect(only(reports, 'exception')[0]).toMatchObject({ type: 'AuthenticationError' });
    expect(String(only(reports, 'exception')[0]?.message)).toContain('valid key');
  });
});

describe('livekit-plugins-openai (Python), files', () => {
  test('recognizes an utterance', async () => {
    using recordings = new Recordings([recording]);
    const reports = await runPython('livekit_openai_file', { url: sttUrl, key, recordings: recordings.paths });
    expect(misheard(said, [String(only(reports, 'final_transcript')[0]?.['text'])])).toEqual([]);
    expect(only(reports, 'final_transcript')[0]).toMatchObject({ language: 'fr' });
  });

  test('a wrong key is an APIStatusError with 401', async () => {
    using recordings = new Recordings([recording]);
    const asked = { url: sttUrl, key: 'a-wrong-key', recordings: recordings.paths };
    const reports = await runPython('livekit_openai_file', asked);
    expect(only(reports, 'exception')[0]).toMatchObject({ type: 'APIStatusError' });
    expect(String(only(reports, 'exception')[0]?.['message'])).toContain('401');
  });
});

describe('pipecat OpenAISTTService', () => {
  test('hears turn by turn', async () => {
    const turns = await Promise.all(said.map((text) => record([text], { pauseMs: 300, tailMs: 200 })));
    using recordings = new Recordings(turns);
    const asked = { service: 'openai', url: sttUrl, key, recordings: recordings.paths, speed: 2 };
    const reports = await runPython('pipecat_speech', asked);
    const texts = only(reports, 'final').map(({ text }) => String(text));
    expect(misheard(said, texts)).toEqual([]);
    expect(reports.at(-1)?.kind).toBe('ended');
  });

  test('a wrong key is an error with our words', async () => {
    using recordings = new Recordings([await record(['oui'], { tailMs: 200 })]);
    const asked = { service: 'openai', url: sttUrl, key: 'a-wrong-key', recordings: recordings.paths, speed: 4 };
    const reports = await runPython('pipecat_speech', asked);
    expect(String(only(reports, 'error')[0]?.['message'])).toContain('valid key');
  });
});
