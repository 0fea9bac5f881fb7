import { modelListSchema } from '@eloquence/shared/contracts/chat';
import { readinessSchema } from '@eloquence/shared/contracts/engine';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import { voiceListSchema } from '@eloquence/shared/contracts/tts';
import { FakeElevenLabs } from '@eloquence/testkit/vendors/elevenlabs';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { tone } from '@eloquence/testkit/vendors/tone';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { elevenlabsSpeech } from '../providers/elevenlabs.ts';
import { openaiSpeech } from '../providers/openai.ts';
import type { SpeechProvider } from '../providers/provider.ts';
import { serveTts } from '../test-server.ts';
import { builtinOwnVoices } from '../voices/builtin-voices.ts';

/** The frequency of a tone, by its zero crossings: tells one voice from another. */
function pitchHz(bytes: ArrayBuffer): number {
  const samples = new Int16Array(bytes.slice(0, bytes.byteLength - (bytes.byteLength % 2)));
  let crossings = 0;
  for (let index = 1; index < samples.length; index += 1)
    if ((samples[index - 1] as number) < 0 && (samples[index] as number) >= 0) crossings += 1;
  return crossings / (samples.length / 24_000);
}

describe('POST /v1/audio/speech in front of vendors', () => {
  let first: FakeOpenAi;
  let second: FakeElevenLabs;
  let providers: SpeechProvider[];
  beforeEach(async () => {
    first = await new FakeOpenAi().listen();
    second = await new FakeElevenLabs().listen();
    first.speech = tone({ seconds: 1, frequencyHz: 300, leadingSilenceS: 0.2 });
    second.speech = tone({ seconds: 1, frequencyHz: 700 });
    const hedgeAfterMs = 400;
    providers = [
      openaiSpeech({
        apiKey: first.apiKey,
        baseUrl: `${first.url}/v1`,
        model: 'gpt-4o-mini-tts',
        voices: builtinOwnVoices.openai,
        hedgeAfterMs,
      }),
      elevenlabsSpeech({
        apiKey: second.apiKey,
        baseUrl: second.url,
        model: 'eleven_flash_v2_5',
        voices: builtinOwnVoices.elevenlabs,
        hedgeAfterMs,
      }),
    ];
  });
  afterEach(async () => {
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  });

  it('streams the first provider’s voice, its leading silence cut to 20 ms at most', async () => {
    await using server = await serveTts({ providers });
    const response = await server.speak();
    expect(response.headers.get('content-type')).toBe('audio/pcm');
    expect(response.headers.get('x-eloquence-engine')).toBe('openai/gpt-4o-mini-tts');
    const audio = await response.arrayBuffer();
    expect(pitchHz(audio)).toBeCloseTo(300, -1);
    expect(audio.byteLength / 48).toBeGreaterThan(1_000);
    expect(audio.byteLength / 48).toBeLessThan(1_020);
    expect(second.requests).toHaveLength(0);
    const metrics = await server.telemetry.registry.metrics();
    expect(metrics).toContain('eloquence_tts_requests_total{provider="openai",outcome="ok"} 1');
    expect(metrics).toContain('eloquence_tts_first_byte_seconds_count{provider="openai"} 1');
    expect(metrics).toMatch(/eloquence_tts_audio_seconds_total\{provider="openai"\} 1\.0[01]/);
  });

  it.each([
    ['is slow', { type: 'slow', delayMs: 5_000 }],
    ['is out of quota', { type: 'rate_limited', retryAfterS: 3 }],
    ['fails', { type: 'error', status: 500 }],
    ['refuses the key', { type: 'error', status: 401 }],
    ['answers with a page', { type: 'wrong_type' }],
  ] as const)('turns to the next provider when the first %s, and lets the first rest', async (_how, mode) => {
    await using server = await serveTts({ providers, limits: { firstSoundTimeoutMs: 100 } });
    first.mode = mode;
    for (let time = 0; time < 2; time += 1) {
      const response = await server.speak();
      expect(response.headers.get('x-eloquence-engine')).toBe('elevenlabs/eleven_flash_v2_5');
      expect(pitchHz(await response.arrayBuffer())).toBeCloseTo(700, -1);
    }
    expect(first.requests).toHaveLength(1);
    expect(['closed', 'answered']).toContain(await first.requests[0]?.outcome);
    const ready = readinessSchema.parse(await (await server.get('/ready')).json());
    expect(ready.engine?.id).toBe('elevenlabs/eleven_flash_v2_5');
  });

  it('closes the socket of a provider it gave up', async () => {
    await using server = await serveTts({ providers, limits: { firstSoundTimeoutMs: 100 } });
    first.mode = { type: 'slow', delayMs: 5_000 };
    await (await server.speak()).arrayBuffer();
    expect(await first.requests[0]?.outcome).toBe('closed');
  });

  it('turns to the next provider when the first sends silence only', async () => {
    await using server = await serveTts({ providers });
    first.speech = Buffer.alloc(48_000);
    expect(pitchHz(await (await server.speak()).arrayBuffer())).toBeCloseTo(700, -1);
  });

  it.each(['cut', 'stall'] as const)(
    'breaks off when the voice does (%s): no second voice, nothing twice',
    async (type) => {
      await using server = await serveTts({ providers, limits: { idleTimeoutMs: 100 } });
      first.mode = { type };
      const response = await server.speak();
      expect(response.status).toBe(200);
      await expect(response.arrayBuffer()).rejects.toThrow(/terminated|aborted/);
      expect(second.requests).toHaveLength(0);
      await expect
        .poll(() => server.telemetry.registry.metrics())
        .toContain('eloquence_tts_requests_total{provider="openai",outcome="broken"} 1');
    },
  );

  it('answers with the last error when no provider makes a sound', async () => {
    await using server = await serveTts({ providers });
    first.mode = { type: 'error', status: 500 };
    second.mode = { type: 'rate_limited', retryAfterS: 11 };
    const response = await server.speak();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '11']);
    expect(problemSchema.parse(await response.json()).code).toBe('rate_limited');
  });

  it('hangs up on the vendor when the caller hangs up, before and after the first sound', async () => {
    await using server = await serveTts({ providers });
    for (const mode of [{ type: 'slow', delayMs: 5_000 }, { type: 'stall' }] as const) {
      first.mode = mode;
      const count = first.requests.length;
      const controller = new AbortController();
      const asking = server.speak({}, { signal: controller.signal }).then((response) => response.arrayBuffer());
      asking.catch(() => undefined);
      await expect.poll(() => first.requests.length).toBe(count + 1);
      controller.abort();
      expect(await first.requests.at(-1)?.outcome).toBe('closed');
    }
    expect(second.requests).toHaveLength(0);
    await expect
      .poll(() => server.telemetry.registry.metrics())
      .toContain('eloquence_tts_requests_total{provider="openai",outcome="aborted"} 2');
  });

  it('refuses at once what its line has no place for, and gives every place back', async () => {
    await using server = await serveTts({ providers, limits: { maxRunning: 1, maxWaiting: 1 } });
    first.mode = { type: 'stall' };
    const controller = new AbortController();
    const held = await server.speak({}, { signal: controller.signal });
    const waiting = server.speak();
    const refused = await Promise.race([server.speak(), server.speak()]);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(problemSchema.parse(await refused.json()).code).toBe('overloaded');
    first.mode = { type: 'ok' };
    controller.abort();
    await held.arrayBuffer().catch(() => undefined);
    expect((await (await waiting).arrayBuffer()).byteLength).toBeGreaterThan(40_000);
  });

  it.each([
    ['no words', { input: '**  **' }, 'invalid_request', /nothing to speak/],
    ['nothing', { input: '' }, 'invalid_request', /input/],
    ['too much', { input: 'a'.repeat(4_097) }, 'invalid_request', /4096/],
    ['an unknown voice', { voice: 'zorglub' }, 'unknown_voice', /coach-fr/],
    ['an unknown format', { response_format: 'midi' }, 'invalid_request', /response_format/],
    ['mp3 without ffmpeg', { response_format: 'mp3' }, 'invalid_request', /apt-get install ffmpeg/],
  ])('refuses %s with a problem body and asks nobody', async (_what, body, code, detail) => {
    await using server = await serveTts({ providers });
    const response = await server.speak(body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem = problemSchema.parse(await response.json());
    expect([problem.code, problem.detail]).toEqual([code, expect.stringMatching(detail)]);
    expect(first.requests).toHaveLength(0);
  });

  it('lists voices and models, to holders of the key only', async () => {
    await using server = await serveTts({ providers });
    const voices = voiceListSchema.parse(await (await server.get('/v1/audio/voices')).json());
    expect(voices.voices.map((voice) => voice.id)).toContain('coach-fr');
    const models = modelListSchema.parse(await (await server.get('/v1/models')).json());
    expect(models.data.map((model) => model.id)).toContain('tts-1');
    for (const path of ['/v1/audio/voices', '/v1/models']) expect((await fetch(server.url + path)).status).toBe(401);
    const headers = { authorization: 'Bearer wrong', 'content-type': 'application/json' };
    expect((await server.speak({}, { headers })).status).toBe(401);
  });

  it('is not ready without any voice, and says how to get one', async () => {
    await using server = await serveTts({ providers: [] });
    const response = await server.get('/ready');
    expect(response.status).toBe(503);
    expect(readinessSchema.parse(await response.json()).checks[0]?.detail).toMatch(/apt-get install espeak-ng/);
    expect((await server.speak()).status).toBe(503);
  });
});
