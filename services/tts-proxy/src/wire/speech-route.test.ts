import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelListSchema } from '@eloquence/shared/contracts/chat';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import { speechEventSchema, voiceListSchema } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { loadSpec } from '@eloquence/testkit/spec-validator';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ffmpeg } from '../audio/ffmpeg.ts';
import { KEY, SAMPLES_PER_CHAR, serveWires, TENANT_KEY, type WireServer } from '../test-support/serve-wires.ts';

let server: WireServer;
beforeEach(async () => {
  server = await serveWires();
});
afterEach(() => server[Symbol.asyncDispose]());

const TEXT = 'Bonjour. Je suis votre coach.';
const speak = (body: Record<string, unknown> = {}, init?: RequestInit) =>
  server.post('/v1/audio/speech', { input: TEXT, response_format: 'pcm', ...body }, init);
const broken = new AppError('upstream_failed', 'The voice broke off.');
const stock = (apiKey = KEY) => new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 });

/** The events of an SSE body, as far as it came. */
async function events(response: Response): Promise<{ event?: string; data: unknown }[]> {
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
  } catch {
    text += ': cut\n\n';
  }
  return text
    .split('\n\n')
    .filter(Boolean)
    .map((block) => {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      return { ...(event && { event }), data: data === undefined ? block : (JSON.parse(data) as unknown) };
    });
}

describe('POST /v1/audio/speech', () => {
  test('answers with the sound of the whole text, and says who spoke', async () => {
    const response = await speak({ voice: 'coach-fr', speed: 1.2, instructions: 'Calme.', cache: 'tenant' });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'audio/pcm',
      'cache-control': 'no-store',
      'x-eloquence-engine': 'fake/voice',
      'x-eloquence-cache': 'miss',
    });
    expect((await response.arrayBuffer()).byteLength).toBe(TEXT.length * SAMPLES_PER_CHAR * 2);
    expect(server.opener.texts).toEqual([TEXT]);
    expect(server.opener.opened[0]?.options).toMatchObject({
      voice: { id: 'coach-fr' },
      speed: 1.2,
      instructions: 'Calme.',
      cache: 'tenant',
      tenant: 'internal',
    });
    expect(server.opener.opened[0]?.closed).toBe(true);
  });

  test('speaks to a stock client, whose key is its tenant', async () => {
    const answer = await stock(TENANT_KEY).audio.speech.create({
      model: 'tts-1',
      voice: 'nova',
      input: TEXT,
      response_format: 'wav',
    });
    const wav = Buffer.from(await answer.arrayBuffer());
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
    expect(wav.length - 44).toBe(TEXT.length * SAMPLES_PER_CHAR * 2);
    expect(server.opener.opened[0]?.options.tenant).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([
    [new AppError('upstream_failed', 'Nobody could speak.'), 502],
    [new AppError('overloaded', 'Too many are speaking.', { retryAfterS: 1 }), 503],
    [new AppError('rate_limited', 'The vendor limits us.', { retryAfterS: 11 }), 429],
  ])('before the first sound an error has its status: %s', async (error, status) => {
    server.opener.script = () => error;
    const response = await speak();
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.headers.get('retry-after')).toBe(
      error.retryAfterS === undefined ? null : String(error.retryAfterS),
    );
    const problem = problemSchema.parse(await response.json());
    expect(problem).toMatchObject({ code: error.code, detail: error.message, error: { message: error.message } });
    expect(server.opener.opened[0]?.closed).toBe(true);
    const asking = stock().audio.speech.create({ model: 'tts-1', voice: 'nova', input: TEXT, response_format: 'pcm' });
    await expect(asking).rejects.toMatchObject({
      status,
      code: error.code,
    });
  });

  test.each([
    ['in its first sentence', 'Bonjour'],
    ['in a later one', 'Je suis'],
  ])('a voice that breaks off %s cuts the body: a hole must not look whole', async (_where, sentence) => {
    server.opener.script = (text) => (text.startsWith(sentence) ? { broken } : undefined);
    const response = await speak();
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow(/terminated/);
    await expect.poll(() => server.opener.opened[0]?.closed).toBe(true);
  });

  test.each(['Bonjour', 'Je suis'])('a sentence no voice can speak is left out: %s', async (sentence) => {
    const unspeakable = new AppError('invalid_request', 'No voice makes sound of this.');
    server.opener.script = (text) => (text.startsWith(sentence) ? { broken: unspeakable } : undefined);
    const response = await speak();
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0);
  });

  test.each(['before the first sound', 'in the middle'])('a caller that hangs up %s stops the voice', async (when) => {
    const never = new Promise<never>(() => undefined);
    if (when === 'in the middle') server.opener.script = () => never;
    else server.opener.silence = never;
    const controller = new AbortController();
    const asking = speak({}, { signal: controller.signal }).then((response) => response.arrayBuffer());
    asking.catch(() => undefined);
    await expect.poll(() => server.opener.texts).toEqual([TEXT]);
    controller.abort();
    await expect.poll(() => server.opener.opened[0]?.closed).toBe(true);
  });

  test('a caller that hangs up before the encoder has given anything is no fault of ours', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eloquence-ffmpeg-'));
    const program = join(folder, 'ffmpeg');
    // It lists an encoder, and otherwise swallows what it is given.
    writeFileSync(program, '#!/bin/sh\ncase "$*" in *-encoders) echo " A libmp3lame x";; *) cat >/dev/null;; esac\n', {
      mode: 0o755,
    });
    const ffmpeg = await Ffmpeg.open(program);
    // One waits, taken beforehand.
    const children = ['ProcessWrap'];
    await using encoding = await serveWires({}, ffmpeg);
    for (const [path, body] of [
      ['/v1/audio/speech', { input: TEXT, response_format: 'mp3' }],
      ['/v1/speak', { text: TEXT }],
    ] as const) {
      const gate = Promise.withResolvers<void>();
      encoding.opener.script = () => gate.promise;
      const controller = new AbortController();
      const asking = encoding.post(path, body, { signal: controller.signal });
      asking.catch(() => undefined);
      await expect.poll(() => encoding.opener.heard).toBe(path === '/v1/speak' ? 2 : 1);
      controller.abort();
      await expect.poll(() => encoding.opener.opened.every(({ closed }) => closed)).toBe(true);
      gate.resolve();
    }
    // Nothing of them is left, and what would have been logged has been.
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap'))
      .toEqual(children);
    expect((await encoding.post('/v1/audio/speech', { input: TEXT, response_format: 'pcm' })).status).toBe(200);
    ffmpeg.close();
    rmSync(folder, { recursive: true });
    expect(encoding.log).toEqual([]);
  });

  test.each([
    ['no words', { input: '**  **' }, 'invalid_request', /nothing to speak/],
    ['nothing', { input: '' }, 'invalid_request', /input/],
    ['too much', { input: 'a'.repeat(4_097) }, 'invalid_request', /4096/],
    ['an unknown voice', { voice: 'zorglub' }, 'unknown_voice', /coach-fr/],
    ['an unknown format', { response_format: 'midi' }, 'invalid_request', /response_format/],
    ['mp3 without ffmpeg', { response_format: 'mp3' }, 'invalid_request', /apt-get install ffmpeg/],
    ['a speed nobody speaks at', { speed: 5 }, 'invalid_request', /speed/],
  ])('refuses %s with a problem body and asks nobody', async (_what, body, code, detail) => {
    const response = await speak(body);
    expect(response.status).toBe(400);
    const problem = problemSchema.parse(await response.json());
    expect([problem.code, problem.detail]).toEqual([code, expect.stringMatching(detail)]);
    expect(server.opener.opened).toHaveLength(0);
  });

  test('on the way out an answer is spoken to its end, a new one refused', async () => {
    const gate = Promise.withResolvers<void>();
    server.opener.script = () => gate.promise;
    const response = await speak();
    const gone = server.goAway();
    expect((await speak()).status).toBe(503);
    gate.resolve();
    expect((await response.arrayBuffer()).byteLength).toBe(TEXT.length * SAMPLES_PER_CHAR * 2);
    await gone;
  });
});

describe('stream_format "sse"', () => {
  test('sends the bytes of the format as events, as OpenAI describes them, and a last one', async () => {
    const response = await speak({ stream_format: 'sse' });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-eloquence-engine')).toBe('fake/voice');
    const all = (await events(response)).map(({ data }) => speechEventSchema.parse(data));
    const spec = loadSpec('openai.openapi.yaml');
    for (const event of all) expect(spec?.schemaFaults('CreateSpeechResponseStreamEvent', event) ?? []).toEqual([]);
    const sound = Buffer.concat(
      all.map((event) => Buffer.from(event.type === 'speech.audio.delta' ? event.audio : '', 'base64')),
    );
    expect(sound.equals(Buffer.from(await (await speak()).arrayBuffer()))).toBe(true);
    expect(all.at(-1)).toEqual({
      type: 'speech.audio.done',
      usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
    });
  });

  test('tells that the voice broke off, and is cut, for those who read nothing but sound', async () => {
    server.opener.script = (text) => (text.startsWith('Je suis') ? { broken } : undefined);
    const all = await events(await speak({ stream_format: 'sse' }));
    expect(all.at(-2)).toMatchObject({
      event: 'error',
      data: { code: 'upstream_failed', error: { message: broken.message } },
    });
    expect(all.at(-1)?.data).toBe(': cut');
    expect(JSON.stringify(all)).not.toContain('speech.audio.done');
  });

  test('before the first sound an error has its status', async () => {
    server.opener.script = () => new AppError('upstream_failed', 'Nobody could speak.');
    const response = await speak({ stream_format: 'sse' });
    expect([response.status, problemSchema.parse(await response.json()).code]).toEqual([502, 'upstream_failed']);
  });
});

describe('what there is', () => {
  test('voices and models, to holders of a key only', async () => {
    for (const key of [KEY, TENANT_KEY]) {
      const get = (path: string) => fetch(server.url + path, { headers: { authorization: `Bearer ${key}` } });
      const { voices } = voiceListSchema.parse(await (await get('/v1/audio/voices')).json());
      expect(voices.map(({ id }) => id)).toContain('coach-fr');
      const models = modelListSchema.parse(await (await get('/v1/models')).json());
      expect(models.data.map(({ id }) => id)).toEqual(['tts-1', 'tts-1-hd', 'gpt-4o-mini-tts', 'fake/voice']);
      expect((await get('/v1/models/zorglub')).status).toBe(404);
    }
    for (const path of ['/v1/audio/voices', '/v1/models', '/v1/models/tts-1'])
      expect((await fetch(server.url + path)).status).toBe(401);
    expect(
      (await speak({}, { headers: { authorization: 'Bearer wrong', 'content-type': 'application/json' } })).status,
    ).toBe(401);
  });

  test('models as a stock client reads them, also one with a slash in its name', async () => {
    const spec = loadSpec('openai.openapi.yaml');
    const { data: listed } = await stock().models.list();
    for (const model of listed) {
      expect(spec?.schemaFaults('Model', model) ?? []).toEqual([]);
      expect(await stock().models.retrieve(model.id)).toEqual(model);
    }
    expect(listed).toHaveLength(4);
  });
});

test('the request as OpenAI describes it is one that is understood here', async () => {
  const request = {
    model: 'gpt-4o-mini-tts',
    input: TEXT,
    voice: 'coral',
    response_format: 'pcm',
    speed: 1,
    stream_format: 'audio',
  };
  const spec = loadSpec('openai.openapi.yaml');
  expect(spec?.schemaFaults('CreateSpeechRequest', request) ?? []).toEqual([]);
  expect((await server.post('/v1/audio/speech', request)).status).toBe(200);
});
