import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import {
  modelListSchema,
  transcriptionEventSchema,
  transcriptionVerboseSchema,
} from '@eloquence/shared/contracts/transcriptions';
import { loadSpec } from '@eloquence/testkit/spec-validator';
import { waitFor } from '@eloquence/testkit/wait-for';
import { readConfig, type Config } from '../config.ts';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { KEY, startGateway, type RunningGateway } from '../test-support/gateway.ts';
import { silence, speak } from '../test-support/speech.ts';

const authorization = `Bearer ${KEY}`;
const spec = loadSpec('openai.openapi.yaml');
const run = promisify(execFile);

const config = readConfig({ INTERNAL_API_KEY: KEY });
const limits = (rest: Partial<Config['rest']>): Pick<Config, 'rest'> => ({ rest: { ...config.rest, ...rest } });

type Body = string | FormData | Uint8Array<ArrayBuffer>;

function form(file: Uint8Array<ArrayBuffer> | string, fields: Record<string, string> = {}, fileFirst = true): FormData {
  const body = new FormData();
  const set = () => body.append('file', new Blob([file]), 'speech');
  if (fileFirst) set();
  for (const [name, value] of Object.entries({ model: 'whisper-1', ...fields })) body.append(name, value);
  if (!fileFirst) set();
  return body;
}

async function post(gateway: RunningGateway, body: Body, headers: Record<string, string> = {}, query = '') {
  const response = await fetch(`${gateway.url}/v1/audio/transcriptions${query}`, {
    method: 'POST',
    headers: { authorization, ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function refusal(gateway: RunningGateway, body: Body, headers?: Record<string, string>, query?: string) {
  const { text, headers: given } = await post(gateway, body, headers, query);
  return { ...problemSchema.parse(JSON.parse(text)), retryAfter: given.get('retry-after') };
}

const bytes = (buffer: Buffer) => new Uint8Array(buffer);
const spoken = async (text = 'bonjour madame') => bytes(Buffer.concat([silence(300), await speak(text), silence(300)]));

/** s16le at 16 kHz as a file of another kind, by ffmpeg. */
async function encoded(pcm: Uint8Array, ...output: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const path = `${tmpdir()}/eloquence-rest-test-${process.pid}.${output.at(-1)}`;
  const child = run('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    's16le',
    '-ar',
    '16000',
    '-i',
    'pipe:0',
    ...output.slice(0, -1),
    path,
  ]);
  child.child.stdin?.end(pcm);
  await child;
  const file = bytes(await readFile(path));
  await rm(path);
  return file;
}

const events = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => transcriptionEventSchema.parse(JSON.parse(data ?? '')));

/** A part of a form written by hand, with the boundary x. */
const part = (head: string, body: string) => `--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;

/** Recordings still on the disk: without a name from the start, but open. */
async function openRecordings(): Promise<string[]> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return [...links, ...(await readdir(tmpdir()))].filter((name) => name.includes('eloquence-stt-'));
}

/** No recording is left on the disk, and nothing is still being worked on. */
async function nothingLeft(gateway: RunningGateway): Promise<void> {
  await waitFor(
    async () => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
      return /^eloquence_stt_files 0$/m.test(metrics) && gateway.hearing.streams === 0;
    },
    { timeoutMs: 5_000, what: 'the recording to be given up' },
  );
  expect(await openRecordings()).toEqual([]);
}

describe('a recording', () => {
  test('comes as a form with its fields in any order, and is decoded once', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const wav = await encoded(await spoken(), 'wav');
    for (const fileFirst of [true, false]) {
      const { status, text } = await post(gateway, form(wav, { language: 'fr', prompt: 'Grenoble' }, fileFirst));
      expect(status).toBe(200);
      expect(JSON.parse(text)).toMatchObject({ text: 'bonjour', usage: { type: 'duration' } });
    }
    expect(engine.requests).toHaveLength(2);
    expect(engine.requests[0]?.path).toContain('language=fr');
    expect(engine.requests[0]?.path).toContain('prompt=Grenoble');
    await nothingLeft(gateway);
  });

  test.each([
    ['mp3', ['mp3']],
    ['ogg', ['-c:a', 'libopus', 'ogg']],
    ['m4a', ['m4a']],
    ['webm', ['-c:a', 'libopus', 'webm']],
    ['24-bit wav', ['-c:a', 'pcm_s24le', 'wav']],
    ['44.1 kHz stereo wav', ['-ar', '44100', '-ac', '2', 'wav']],
  ])('may be %s', async (_name, output) => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const speech = await spoken();
    const { status, text } = await post(
      gateway,
      form(await encoded(speech, ...output), { response_format: 'verbose_json' }),
    );
    expect(status, text).toBe(200);
    const body = transcriptionVerboseSchema.parse(JSON.parse(text));
    expect(body.text).toBe('bonjour');
    // Codecs add some priming.
    expect(Math.abs(body.duration - speech.length / 32_000)).toBeLessThan(0.1);
    expect(spec?.schemaFaults('CreateTranscriptionResponseVerboseJson', body) ?? []).toEqual([]);
  });

  test('may be a bare body with its options in the query', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const speech = await spoken();
    const query = '?language=fr&response_format=text';
    expect((await post(gateway, speech, { 'content-type': 'audio/pcm;rate=16000' }, query)).text).toBe('bonjour\n');
    const ogg = await encoded(speech, '-c:a', 'libopus', 'ogg');
    for (const type of ['audio/ogg', 'application/octet-stream', 'video/webm'])
      expect((await post(gateway, ogg, { 'content-type': type }, query)).text, type).toBe('bonjour\n');
  });

  test('without speech has no text, and no engine is asked', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const { status, text } = await post(gateway, form(await encoded(silence(2_000), 'mp3')));
    expect([status, JSON.parse(text)]).toMatchObject([200, { text: '' }]);
    expect(engine.requests).toEqual([]);
  });

  test('longer than one window comes in order, with times of the recording', async () => {
    await using engine = await new FakeEngine().start();
    engine.answer = (_heard, index) => `partie${index}`;
    await using gateway = await startGateway(engine.url);
    const sentence = Buffer.from(await spoken('je voudrais prendre un rendez-vous pour une coupe vendredi prochain'));
    const pcm = bytes(Buffer.concat(Array.from({ length: 24 }, () => sentence)));
    const { text } = await post(gateway, pcm, { 'content-type': 'audio/pcm' }, '?response_format=verbose_json');
    const body = transcriptionVerboseSchema.parse(JSON.parse(text));
    const segments = body.segments ?? [];
    expect(segments.length).toBeGreaterThan(2);
    expect(body.text).toBe(segments.map((segment) => segment.text).join(' '));
    expect(segments.map(({ start }) => start)).toEqual(segments.map(({ start }) => start).toSorted((a, b) => a - b));
    expect(segments.at(-1)?.end).toBeGreaterThan(0.8 * body.duration);
    expect(segments.at(-1)?.end).toBeLessThanOrEqual(body.duration);
  });
});

describe('stream=true', () => {
  test('tells each window as it becomes known; the deltas are the text', async () => {
    await using engine = await new FakeEngine().start();
    engine.answer = (_heard, index) => `partie${index}`;
    await using gateway = await startGateway(engine.url);
    const sentence = Buffer.from(await spoken('je voudrais prendre un rendez-vous pour une coupe vendredi prochain'));
    const pcm = bytes(Buffer.concat(Array.from({ length: 16 }, () => sentence)));
    const { text, headers } = await post(gateway, pcm, { 'content-type': 'audio/pcm' }, '?stream=true');
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const told = events(text).filter(({ type }) => type !== 'transcript.progress');
    const deltas = told.flatMap((event) => (event.type === 'transcript.text.delta' ? [event.delta] : []));
    expect(deltas.length).toBeGreaterThan(1);
    expect(told.at(-1)).toMatchObject({ type: 'transcript.text.done', text: deltas.join('') });
    for (const event of told)
      expect(spec?.schemaFaults('CreateTranscriptionResponseStreamEvent', event) ?? []).toEqual([]);
  });

  test('gives the words of each window with their times, where they are wanted', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const query = '?stream=true&timestamp_granularities[]=word';
    const { text } = await post(gateway, await spoken(), { 'content-type': 'audio/pcm' }, query);
    const [delta] = events(text).filter((event) => event.type === 'transcript.text.delta');
    expect(delta).toMatchObject({ delta: 'bonjour', words: [{ word: 'bonjour', start: expect.any(Number) }] });
    expect(delta?.start).toBeLessThanOrEqual(delta?.words?.[0]?.start ?? 0);
    expect(delta?.end).toBeGreaterThanOrEqual(delta?.words?.[0]?.end ?? Infinity);
    expect(spec?.schemaFaults('CreateTranscriptionResponseStreamEvent', delta) ?? []).toEqual([]);
  });

  test('says how far it is while a long recording is worked on', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 1_500;
    await using gateway = await startGateway(engine.url);
    const sentence = Buffer.from(await spoken('je voudrais prendre un rendez-vous pour une coupe vendredi prochain'));
    const pcm = bytes(Buffer.concat(Array.from({ length: 32 }, () => sentence)));
    const { text } = await post(gateway, pcm, { 'content-type': 'audio/pcm' }, '?stream=true');
    const progress = events(text).filter((event) => event.type === 'transcript.progress');
    expect(progress.length).toBeGreaterThan(0);
    const done = progress.map(({ seconds_done }) => seconds_done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(progress[0]?.seconds_total).toBeCloseTo(pcm.length / 32_000, 0);
  });

  test('what cannot be read is refused with a status; what fails later with an error event', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    expect(await refusal(gateway, form('no sound', { stream: 'true' }))).toMatchObject({ code: 'invalid_audio' });
    engine.answer = () => ({ status: 400, body: { detail: 'This engine says no.' } });
    const { status, text } = await post(gateway, form(await encoded(await spoken(), 'wav'), { stream: 'true' }));
    expect(status).toBe(200);
    const [, data] = /^event: error\ndata: (.*)\n\n$/m.exec(text) ?? [];
    expect(JSON.parse(data ?? '{}')).toMatchObject({
      code: 'invalid_request',
      error: { message: 'This engine says no.', code: 'invalid_request' },
    });
    await nothingLeft(gateway);
  });
});

describe('refused', () => {
  test('is what is no recording, with the reason', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const type = { 'content-type': 'multipart/form-data; boundary=x' };
    const file = part('name="file"; filename="a"', 'abc');
    const cases: [string, Body, Record<string, string> | undefined, string][] = [
      ['empty', form(''), undefined, 'The recording is empty'],
      ['no audio', form('this is no sound'), undefined, 'The file is damaged'],
      ['a playlist', form('#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n'), undefined, 'The file is damaged'],
      ['a concatenation', form('ffconcat version 1.0\nfile /etc/hostname\n'), undefined, 'The file is damaged'],
      ['odd bytes', new Uint8Array(3), { 'content-type': 'audio/pcm;rate=16000' }, '3 bytes are no whole number'],
      ['a header alone', await encoded(new Uint8Array(0), 'wav'), { 'content-type': 'audio/wav' }, 'no sound'],
      ['no file', `${part('name="model"', 'whisper-1')}--x--`, type, 'The form has no file'],
      ['two files', `${file}${file}--x--`, type, 'The form has several files'],
      ['another field', `${part('name="audio"; filename="a"', 'abc')}--x--`, type, 'a file in "audio"'],
      ['unknown field', form('abc', { langauge: 'fr' }), undefined, 'langauge: is no field'],
      ['a form cut off', file, type, 'The form breaks off'],
      ['another boundary', `${file}--x--`.replaceAll('--x', '--y'), type, 'The form breaks off'],
      ['no boundary', `${file}--x--`, { 'content-type': 'multipart/form-data' }, 'has no boundary'],
      ['diarization', form('abc', { response_format: 'diarized_json' }), undefined, 'who speaks is not told apart'],
    ];
    for (const [name, body, headers, reason] of cases) {
      const problem = await refusal(gateway, body, headers);
      expect([problem.status, problem.fault], name).toEqual([400, 'caller']);
      expect(problem.detail, name).toContain(reason);
    }
    for (const contentType of ['application/xml', 'application/json', 'text/plain'])
      expect(await refusal(gateway, '{}', { 'content-type': contentType }), contentType).toMatchObject({ status: 415 });
    const bare = await request(`${gateway.url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization },
    });
    expect(problemSchema.parse(await bare.body.json())).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect(await refusal(gateway, form('abc'), { authorization: 'Bearer wrong' })).toMatchObject({ status: 401 });
    expect(engine.requests).toEqual([]);
    await nothingLeft(gateway);
  });

  test('is what is too large, announced or not, and what is too long', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url, limits({ maxBytes: 100_000, maxS: 2 }));
    const pcm = { 'content-type': 'audio/pcm;rate=16000' };
    expect(await refusal(gateway, new Uint8Array(200_000), pcm)).toMatchObject({ code: 'payload_too_large' });
    const unannounced = await request(`${gateway.url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization, ...pcm },
      body: Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(20_000))),
    });
    const problem = problemSchema.parse(await unannounced.body.json());
    expect(problem).toMatchObject({ code: 'payload_too_large', status: 413 });
    expect(problem.detail).toContain('STT_MAX_FILE_MB');
    expect(await refusal(gateway, form(new Uint8Array(200_000)))).toMatchObject({ code: 'payload_too_large' });
    for (const [body, headers] of [
      [new Uint8Array(96_000), pcm],
      [await encoded(silence(3_000), 'mp3'), { 'content-type': 'audio/mpeg' }],
    ] as const) {
      const long = await refusal(gateway, body, headers);
      expect(long).toMatchObject({ code: 'payload_too_large', status: 413 });
      expect(long.detail).toContain('The recording is longer than');
    }
    await nothingLeft(gateway);
  });

  test('is a container where ffmpeg is not installed; wav goes on', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url, limits({ programPath: '/nowhere' }));
    const speech = await spoken();
    const problem = await refusal(gateway, form(await encoded(speech, 'mp3')));
    expect(problem).toMatchObject({ status: 503, code: 'unavailable' });
    expect(problem.detail).toContain('apt install ffmpeg');
    expect((await post(gateway, form(await encoded(speech, 'wav')))).status).toBe(200);
  });

  test('is a recording where it cannot be written', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url, limits({ folder: '/nowhere' }));
    const problem = await refusal(gateway, form(new Uint8Array(100)));
    expect(problem).toMatchObject({ status: 503, code: 'unavailable' });
    expect(problem.detail).toContain('TMPDIR');
  });

  test('is one recording too many: of a tenant as 429, of all as 503, both with the time to wait', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 700;
    const apiKeys = ['a-key-of-somebody-else-1', 'a-key-of-somebody-else-2'];
    await using gateway = await startGateway(engine.url, { ...limits({ max: 2, maxPerTenant: 1 }), apiKeys });
    const wav = await encoded(await spoken(), 'wav');
    const [one, two] = apiKeys.map((key) => ({ authorization: `Bearer ${key}` }));
    const held = [post(gateway, form(wav), one), post(gateway, form(wav), two)];
    await waitFor(() => engine.requests.length > 0, { timeoutMs: 5_000, what: 'the first to be decoded' });
    const startedMs = performance.now();
    expect(await refusal(gateway, form(wav), one)).toMatchObject({
      status: 429,
      code: 'rate_limited',
      retryAfter: '10',
    });
    expect(await refusal(gateway, form(wav))).toMatchObject({ status: 503, code: 'overloaded', retryAfter: '10' });
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(gateway, form(wav))).status).toBe(200);
  });
});

describe('somebody goes', () => {
  test('the caller, while the engine works: the decode is called off and nothing is left', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 3_000;
    await using gateway = await startGateway(engine.url);
    for (const stream of ['false', 'true']) {
      const abort = new AbortController();
      const before = engine.requests.length;
      const call = fetch(`${gateway.url}/v1/audio/transcriptions`, {
        method: 'POST',
        headers: { authorization },
        signal: abort.signal,
        body: form(await encoded(await spoken(), 'mp3'), { stream }),
      }).then((response) => response.text());
      await waitFor(() => engine.requests.length > before, { timeoutMs: 5_000, what: 'the decode' });
      abort.abort();
      await expect(call).rejects.toThrow('aborted');
      await nothingLeft(gateway);
    }
    await expect.poll(() => engine.aborted, { timeout: 6_000 }).toBe(2);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('eloquence_stt_files_total{outcome="cancelled"} 2');
  });

  test('the sender, halfway, or without a word', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url, limits({ stallMs: 400 }));
    const { port } = new URL(gateway.url);
    const head = `POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: audio/pcm\r\nContent-Length: 100000\r\n\r\n`;
    const gone = connect(Number(port), '127.0.0.1');
    gone.write(`${head}${'x'.repeat(1_000)}`);
    await waitFor(
      async () => (await (await fetch(`${gateway.url}/metrics`)).text()).includes('eloquence_stt_files 1'),
      {
        timeoutMs: 5_000,
        what: 'the upload to begin',
      },
    );
    gone.destroy();
    await nothingLeft(gateway);
    const silent = connect(Number(port), '127.0.0.1');
    silent.write(`${head}${'x'.repeat(1_000)}`);
    const answer: Buffer[] = [];
    for await (const piece of silent) answer.push(piece as Buffer);
    expect(Buffer.concat(answer).toString()).toContain('Hardly anything came for 0.4 s');
    await nothingLeft(gateway);
  });

  test('the engine, for longer than live speech would wait: the recording goes on when it is back', async () => {
    await using engine = await new FakeEngine().start();
    const decoding = { ...config.decoding, outageMs: 300 };
    await using gateway = await startGateway(engine.url, { decoding });
    // Longer than it takes to die.
    engine.delayMs = 2_000;
    const call = post(gateway, form(await encoded(await spoken(), 'wav')));
    await waitFor(() => engine.requests.length > 0, { timeoutMs: 5_000, what: 'the decode' });
    await engine.stop();
    engine.delayMs = 0;
    const refused = /eloquence_stt_decodes_total\{kind="file",outcome="unavailable"\} ([4-9])/;
    await expect.poll(async () => (await fetch(`${gateway.url}/metrics`)).text(), { timeout: 5_000 }).toMatch(refused);
    await engine.start();
    expect(JSON.parse((await call).text)).toMatchObject({ text: 'bonjour' });
  });

  test('the engine, before the recording comes: it is refused at once', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    await engine.stop();
    const { text } = await post(gateway, form(await encoded(await spoken(), 'wav')));
    expect(problemSchema.parse(JSON.parse(text))).toMatchObject({ status: 503, code: 'unavailable' });
  });

  test('the process: what is open is told to come again', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 20_000;
    const gateway = await startGateway(engine.url);
    const wav = await encoded(await spoken(), 'wav');
    const plain = post(gateway, form(wav));
    const streamed = post(gateway, form(wav, { stream: 'true' }));
    await waitFor(() => engine.requests.length > 0, { timeoutMs: 5_000, what: 'the decode' });
    await expect.poll(() => gateway.hearing.streams).toBe(2);
    expect(await gateway.lifecycle.close()).toBe(true);
    expect(problemSchema.parse(JSON.parse((await plain).text))).toMatchObject({ status: 503, code: 'unavailable' });
    expect((await streamed).text).toMatch(/^event: error\ndata: .*The service is stopping/m);
  });
});

test('models are the engine and the names clients send; they are there while the engine is away', async () => {
  await using engine = await new FakeEngine().start();
  await using gateway = await startGateway(engine.url);
  const models = async () => {
    const { statusCode, body } = await request(`${gateway.url}/v1/models`, { headers: { authorization } });
    expect(statusCode).toBe(200);
    return modelListSchema.parse(await body.json());
  };
  const list = await models();
  expect(list.data.map(({ id }) => id)).toEqual(expect.arrayContaining(['fake', 'whisper-1', 'gpt-4o-transcribe']));
  expect(spec?.schemaFaults('ListModelsResponse', list) ?? []).toEqual([]);
  await engine.stop();
  expect((await models()).data.map(({ id }) => id)).toContain('whisper-1');
  await engine.start();
  expect((await request(`${gateway.url}/v1/models`)).statusCode).toBe(401);
});
