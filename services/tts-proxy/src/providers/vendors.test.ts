import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FakeElevenLabs } from '@eloquence/testkit/vendors/elevenlabs';
import type { FakeVendor, VendorMode } from '@eloquence/testkit/vendors/fake-vendor';
import { FakeMistralSpeech } from '@eloquence/testkit/vendors/mistral-speech';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { FakePiper } from '@eloquence/testkit/vendors/piper-http';
import { FakeSpeechServer } from '@eloquence/testkit/vendors/speech-server';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { french, speakAll, speechProviderConformance, type Opened } from './conformance-suite.ts';
import { createProviders } from './create-providers.ts';
import type { Utterance } from './provider.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface OpenedVendor<V extends FakeVendor = FakeVendor> extends Opened {
  readonly vendor: V;
}

/** A fake vendor and the provider that these settings make for it: what is tested is what is started. */
async function open<V extends FakeVendor>(
  fake: V,
  env: (vendor: V) => Record<string, string>,
): Promise<OpenedVendor<V>> {
  const vendor = await fake.listen();
  const config = readConfig({ INTERNAL_API_KEY: 'internal-key-of-the-test', PATH: '', ...env(vendor) });
  const [provider] = createProviders(config.providers);
  assert(provider);
  return {
    vendor,
    provider,
    async [Symbol.asyncDispose]() {
      await vendor[Symbol.asyncDispose]();
      await provider.close?.();
      assert.deepEqual(vendor.faults, [], 'requests have the shape of the vendor’s document');
    },
  };
}

const openOpenAi = (env: Record<string, string> = {}) =>
  open(new FakeOpenAi(), ({ apiKey, url }) => ({ OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: `${url}/v1`, ...env }));
const openElevenLabs = () =>
  open(new FakeElevenLabs(), ({ apiKey, url }) => ({ ELEVENLABS_API_KEY: apiKey, ELEVENLABS_BASE_URL: url }));
const openMistral = (env: Record<string, string> = {}) =>
  open(new FakeMistralSpeech(), ({ apiKey, url }) => ({
    TTS_PROVIDERS: 'mistral',
    MISTRAL_API_KEY: apiKey,
    MISTRAL_BASE_URL: url,
    ...env,
  }));
const openServer = (flavour: FakeSpeechServer['flavour'], env: Record<string, string> = {}) =>
  open(new FakeSpeechServer(flavour), ({ url, models }) => ({
    TTS_REST_URL: url,
    TTS_REST_MODEL: models.at(-1) ?? '',
    ...env,
  }));
const openSpeaches = () => openServer('speaches', { TTS_REST_VOICE_FR: 'siwis', TTS_REST_VOICE_EN: 'siwis' });
const openPiper = (env: Record<string, string> = {}) =>
  open(new FakePiper(), ({ url }) => ({ PIPER_URL: url, ...env }));

interface Vendor {
  readonly open: () => Promise<OpenedVendor>;
  /** The variable an error names: after 401, and after 404. */
  readonly key: string;
  readonly choice: string;
  /** Whether sound comes out before all of it has come in. */
  readonly streams: boolean;
  /** One sound for all voices: the fake has one. */
  readonly text: (body: unknown) => unknown;
}
const input = (body: unknown) => (body as { input: unknown }).input;
const text = (body: unknown) => (body as { text: unknown }).text;
const vendors: Record<string, Vendor> = {
  OpenAI: { open: openOpenAi, key: 'OPENAI_API_KEY', choice: 'OPENAI_TTS_VOICE', streams: true, text: input },
  ElevenLabs: {
    open: openElevenLabs,
    key: 'ELEVENLABS_API_KEY',
    choice: 'ELEVENLABS_VOICE_FR',
    streams: true,
    text,
  },
  Mistral: { open: openMistral, key: 'MISTRAL_API_KEY', choice: 'MISTRAL_TTS_MODEL', streams: true, text: input },
  'Kokoro-FastAPI': {
    open: () => openServer('kokoro'),
    key: 'TTS_REST_API_KEY',
    choice: 'TTS_REST_VOICE_FR',
    streams: true,
    text: input,
  },
  'Piper’s server': { open: openPiper, key: 'PIPER_URL', choice: 'PIPER_VOICE_FR', streams: true, text },
};

for (const [name, vendor] of Object.entries(vendors)) {
  speechProviderConformance(name, vendor.open);

  describe(`${name} when the vendor misbehaves`, () => {
    const failures: readonly [VendorMode, object][] = [
      [
        { type: 'rate_limited', retryAfterS: 9 },
        { code: 'rate_limited', retryAfterS: 9 },
      ],
      [{ type: 'error', status: 500 }, { code: 'upstream_failed' }],
      [{ type: 'error', status: 503 }, { code: 'upstream_failed' }],
      [
        { type: 'error', status: 401 },
        { code: 'upstream_rejected', message: expect.stringContaining(vendor.key) },
      ],
      [
        { type: 'error', status: 403 },
        { code: 'invalid_request', message: expect.stringContaining(vendor.key) },
      ],
      [
        { type: 'error', status: 404 },
        { code: 'upstream_rejected', message: expect.stringContaining(vendor.choice) },
      ],
      [{ type: 'error', status: 422 }, { code: 'invalid_request' }],
      [{ type: 'wrong_type' }, { code: 'upstream_failed' }],
      [{ type: 'garbage' }, { code: 'upstream_failed' }],
    ];
    it.each(failures)('%o is told as whose fault it is, with the setting to check', async (mode, error) => {
      await using running = await vendor.open();
      // What is asked for beside the speech has been.
      await running.provider.check(new AbortController().signal);
      running.vendor.mode = mode;
      const failure = await speakAll(running.provider, french).catch((caught: unknown) => caught);
      expect(failure).toMatchObject(error);
      expect(inspect(failure, { depth: 8 })).not.toMatch(/fake-[a-z]+-key|sk-fake|Bonjour/);
    });

    it('gives what came before a cut and then an error, never an end', async () => {
      await using running = await vendor.open();
      await running.provider.check(new AbortController().signal);
      running.vendor.mode = { type: 'cut' };
      let samples = 0;
      const reading = (async () => {
        for await (const piece of running.provider.speak(french, new AbortController().signal)) samples += piece.length;
      })();
      await expect(reading).rejects.toMatchObject({ code: 'upstream_failed' });
      expect(samples).toBeGreaterThan(1_000);
    });

    it('closes the vendor’s socket when the answer is not wanted any more, before and after its first sound', async () => {
      await using running = await vendor.open();
      await running.provider.check(new AbortController().signal);
      for (const mode of [{ type: 'slow', delayMs: 5_000 }, { type: 'stall' }] as const) {
        running.vendor.mode = mode;
        const count = running.vendor.requests.length;
        const controller = new AbortController();
        const reading = speakAll(running.provider, french, controller.signal);
        reading.catch(() => undefined);
        await expect.poll(() => running.vendor.requests.length, { interval: 5 }).toBe(count + 1);
        const atMs = performance.now();
        controller.abort(new Error('hung up'));
        await expect(reading).rejects.toThrow('hung up');
        expect(await running.vendor.requests.at(-1)?.outcome).toBe('closed');
        // A tick of the event loop; the rest is a machine with other work.
        expect(performance.now() - atMs).toBeLessThan(250);
      }
    });

    it('hears of an abort when the garbage collector has been there since the request', async () => {
      await using running = await vendor.open();
      running.vendor.mode = { type: 'stall' };
      const controller = new AbortController();
      const pieces = running.provider.speak(french, controller.signal)[Symbol.asyncIterator]();
      await pieces.next();
      for (let round = 0; round < 3; round += 1) {
        await nextTurn();
        collectGarbage();
      }
      controller.abort(new Error('hung up'));
      const rest = (async () => {
        while (!(await pieces.next()).done) continue;
      })();
      await expect(rest).rejects.toThrow('hung up');
      expect(await running.vendor.requests.at(-1)?.outcome).toBe('closed');
    });

    it('closes the socket when its reader leaves without a word', async () => {
      await using running = await vendor.open();
      await running.provider.check(new AbortController().signal);
      running.vendor.mode = { type: 'stall' };
      for await (const piece of running.provider.speak(french, new AbortController().signal))
        if (piece.length > 0) break;
      expect(await running.vendor.requests.at(-1)?.outcome).toBe('closed');
    });

    it('fails its check for a wrong key, a server that fails, and nobody there', async () => {
      const { vendor: fake, provider } = await vendor.open();
      fake.mode = { type: 'error', status: 401 };
      await expect(provider.check(new AbortController().signal)).rejects.toThrow(vendor.key);
      fake.mode = { type: 'error', status: 500 };
      await expect(provider.check(new AbortController().signal)).rejects.toMatchObject({ code: 'upstream_failed' });
      await expect(provider.check(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
      await fake[Symbol.asyncDispose]();
      await expect(provider.check(new AbortController().signal)).rejects.toThrow(/cannot be reached/);
      await expect(speakAll(provider, french)).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)\. Check/);
      await provider.close?.();
    });

    it('hands the text over as it is', async () => {
      await using running = await vendor.open();
      const said = 'Œuvre à 14 h 30 : « déjà vu » — 3,5 € ; naïve, 日本, 😀 "\\ </speak>';
      await speakAll(running.provider, { ...french, text: said });
      expect(vendor.text(running.vendor.requests.at(-1)?.body)).toBe(said);
    });
  });
}

const asSamples = (bytes: Buffer) => [...new Int16Array(Uint8Array.from(bytes).buffer)];

describe('the sound of an answer', () => {
  it('is the vendor’s, sample by sample, wherever the pieces are cut', async () => {
    for (const opening of [openOpenAi(), openElevenLabs(), openMistral()]) {
      await using running = await opening;
      for (const size of [999, 4_801, 100_000]) {
        running.vendor.speechPieceBytes = size;
        expect(await speakAll(running.provider, french)).toEqual(asSamples(running.vendor.speech));
      }
    }
  });

  it('is refused when there is none', async () => {
    for (const opening of [openOpenAi(), openElevenLabs(), openMistral()]) {
      await using running = await opening;
      running.vendor.speech = Buffer.alloc(0);
      await expect(speakAll(running.provider, french)).rejects.toThrow(/empty answer/);
    }
  });

  it('of Mistral is the same streamed and whole, and one that ends without its last event is broken', async () => {
    await using running = await openMistral();
    running.vendor.streams = false;
    expect(await speakAll(running.provider, french)).toEqual(asSamples(running.vendor.speech));
    running.vendor.streams = true;
    running.vendor.forgetsDone = true;
    await expect(speakAll(running.provider, french)).rejects.toThrow(/broke off/);
  });

  it.each([
    'asked',
    'float pcm',
    { wav: {} },
    { wav: { isFloat: true } },
    { wav: { isStreamed: true, channels: 2 } },
  ] as const)('of a server of one’s own is the same when it answers with %j', async (answersWith) => {
    await using running = await openServer('kokoro');
    const asked = await speakAll(running.provider, french);
    running.vendor.answersWith = answersWith;
    const samples = await speakAll(running.provider, french);
    expect(samples).toEqual(asked);
    expect(samples).toHaveLength(12_000);
  });

  it('of speaches has 24 kHz because it is asked for; a WAV at its model’s own rate is brought there', async () => {
    await using running = await openSpeaches();
    expect(await speakAll(running.provider, french)).toHaveLength(12_000);
    expect(running.vendor.requests[0]?.body).toMatchObject({ sample_rate: 24_000, voice: 'siwis' });
  });

  it('is at the rate the Content-Type names', async () => {
    await using running = await openServer('kokoro');
    running.vendor.pcmParameters = ';rate=48000';
    expect((await speakAll(running.provider, french)).length).toBe(6_000);
  });

  it('of a strict server is got without asking for a rate, and then asked so again', async () => {
    await using running = await openServer('strict');
    for (let time = 0; time < 2; time += 1) expect(await speakAll(running.provider, french)).toHaveLength(12_000);
    expect(running.vendor.requests.map(({ body }) => 'sample_rate' in (body as object))).toEqual([true, false, false]);
  });

  it('of Piper’s server is read although it is called text/html', async () => {
    await using running = await openPiper();
    expect(await speakAll(running.provider, french)).toHaveLength(12_000);
  });
});

describe('what the vendors are asked for', () => {
  const english: Utterance = { ...french, voice: resolveVoice(builtinMap, 'coach-en') };
  const man: Utterance = { ...french, voice: resolveVoice(builtinMap, 'onyx', { language: 'fr' }) };

  it('OpenAI: pcm, the named voice or ours, no instructions and no newer voice for tts-1', async () => {
    await using running = await openOpenAi();
    await speakAll(running.provider, { ...french, instructions: 'Chaleureux.' });
    await speakAll(running.provider, man);
    expect(running.vendor.requests.map((request) => request.body)).toMatchObject([
      { response_format: 'pcm', voice: 'coral', instructions: 'Chaleureux.' },
      { voice: 'onyx' },
    ]);
    await using old = await openOpenAi({ OPENAI_TTS_MODEL: 'tts-1' });
    const cedar = { ...french, voice: resolveVoice(builtinMap, 'cedar'), instructions: 'Chaleureux.' };
    await speakAll(old.provider, cedar);
    expect(old.vendor.requests[0]?.body).toMatchObject({ voice: 'ash' });
    expect(old.vendor.requests[0]?.body).not.toHaveProperty('instructions');
  });

  it('OpenAI: a model the key does not have fails the check', async () => {
    await using running = await openOpenAi({ OPENAI_TTS_MODEL: 'gpt-9-tts' });
    await expect(running.provider.check(new AbortController().signal)).rejects.toThrow(/gpt-9-tts.*OPENAI_TTS_MODEL/);
  });

  it('ElevenLabs: the voice of language and gender, 24 kHz, speed within its limits', async () => {
    await using running = await openElevenLabs();
    await speakAll(running.provider, { ...english, speed: 3 });
    await speakAll(running.provider, man);
    expect(running.vendor.requests).toMatchObject([
      {
        path: '/v1/text-to-speech/Xb7hH8MSUJpSbSDYk0k2/stream',
        body: { language_code: 'en', voice_settings: { speed: 1.2 } },
      },
      { path: '/v1/text-to-speech/onwK4e9ZLuTAKqWW03F9/stream' },
    ]);
  });

  it('ElevenLabs: a key that may only speak is good, one without credit is told from a wrong one', async () => {
    await using running = await openElevenLabs();
    running.vendor.mayListModels = false;
    await running.provider.check(new AbortController().signal);
    running.vendor.credit = 0;
    await expect(speakAll(running.provider, french)).rejects.toThrow(/no credit left/);
  });

  it('Mistral: the calm voice of the language and gender, which it is asked for once; or the one that is set', async () => {
    await using running = await openMistral();
    await speakAll(running.provider, french);
    await speakAll(running.provider, { ...english, voice: resolveVoice(builtinMap, 'coach-man-en') });
    expect(running.vendor.requests.map(({ path, body }) => [path, (body as { voice_id?: string }).voice_id])).toEqual([
      ['/v1/audio/voices', undefined],
      ['/v1/audio/speech', '00000000-0000-4000-8000-000000000004'],
      ['/v1/audio/speech', '00000000-0000-4000-8000-000000000001'],
    ]);
    await using set = await openMistral({ MISTRAL_TTS_VOICE_FR: 'fr_marie_angry' });
    await speakAll(set.provider, french);
    expect(set.vendor.requests.map(({ body }) => body)).toMatchObject([
      { voice_id: 'fr_marie_angry', stream: true, response_format: 'pcm', model: 'voxtral-mini-tts-2603' },
    ]);
  });

  it('Mistral: a text that its moderation refuses is not called a wrong key', async () => {
    await using running = await openMistral({ MISTRAL_TTS_VOICE_FR: 'fr_marie_neutral' });
    running.vendor.mode = { type: 'error', status: 403 };
    await expect(speakAll(running.provider, french)).rejects.toThrow(/moderation/);
  });

  it('a server of one’s own: its voices by language and gender, its key, and no model list needed', async () => {
    await using running = await openServer('kokoro', { TTS_REST_API_KEY: 'key-of-the-server' });
    running.vendor.apiKey = 'key-of-the-server';
    running.vendor.hasModelList = false;
    await running.provider.check(new AbortController().signal);
    await speakAll(running.provider, french);
    await speakAll(running.provider, { ...english, voice: resolveVoice(builtinMap, 'coach-man-en') });
    expect(running.vendor.requests.slice(1).map(({ body }) => body)).toMatchObject([
      { voice: 'ff_siwis', model: 'kokoro', response_format: 'pcm' },
      { voice: 'bm_george' },
    ]);
  });

  it('Piper’s server: a voice that fits, a speaker, a length; and a voice it lacks fails the check', async () => {
    await using running = await openPiper();
    await speakAll(running.provider, french);
    await speakAll(running.provider, man);
    await speakAll(running.provider, { ...english, speed: 2 });
    const bodies = running.vendor.requests.filter(({ path }) => path === '/synthesize').map(({ body }) => body);
    expect(bodies).toEqual([
      { text: french.text, voice: 'fr_FR-siwis-medium' },
      { text: french.text, voice: 'fr_FR-tom-medium' },
      { text: french.text, voice: 'en_US-amy-medium', length_scale: 0.5 },
    ]);
    await using named = await openPiper({
      PIPER_VOICE_FR: 'fr_FR-upmc-medium#pierre',
      PIPER_VOICE_EN: 'en_GB-alan-low',
    });
    await speakAll(named.provider, french);
    expect(named.vendor.requests[0]?.body).toMatchObject({ voice: 'fr_FR-upmc-medium', speaker: 'pierre' });
    await expect(named.provider.check(new AbortController().signal)).rejects.toThrow(/en_GB-alan-low/);
  });

  it('Piper: no phonemes out of a text with brackets', async () => {
    await using running = await openPiper();
    await speakAll(running.provider, { ...french, text: 'a [[b]] c' });
    expect(running.vendor.requests.at(-1)?.body).toMatchObject({ text: 'a [ [b]] c' });
  });
});
