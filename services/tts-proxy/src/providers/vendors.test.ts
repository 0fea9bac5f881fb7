import assert from 'node:assert/strict';
import { FakeElevenLabs } from '@eloquence/testkit/vendors/elevenlabs';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { describe, expect, it } from 'vitest';
import { builtinOwnVoices } from '../voices/builtin-voices.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { french, speakAll, speechProviderConformance, type Opened } from './conformance-suite.ts';
import { elevenlabsSpeech } from './elevenlabs.ts';
import { openaiSpeech } from './openai.ts';
import type { SpeechProvider } from './provider.ts';

interface OpenedVendor extends Opened {
  readonly vendor: FakeOpenAi | FakeElevenLabs;
}

function opened(vendor: OpenedVendor['vendor'], provider: SpeechProvider): OpenedVendor {
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

const vendors: Record<string, () => Promise<OpenedVendor>> = {
  openai: async () => {
    const vendor = await new FakeOpenAi().listen();
    const settings = { apiKey: vendor.apiKey, baseUrl: `${vendor.url}/v1`, model: 'gpt-4o-mini-tts' };
    return opened(vendor, openaiSpeech({ ...settings, voices: builtinOwnVoices.openai, hedgeAfterMs: 400 }));
  },
  elevenlabs: async () => {
    const vendor = await new FakeElevenLabs().listen();
    const settings = {
      baseUrl: vendor.url,
      model: 'eleven_flash_v2_5',
      voices: builtinOwnVoices.elevenlabs,
      hedgeAfterMs: 400,
    };
    return opened(vendor, elevenlabsSpeech({ apiKey: vendor.apiKey, ...settings }));
  },
};

for (const [name, open] of Object.entries(vendors)) {
  speechProviderConformance(name, open);

  describe(`${name} when the vendor misbehaves`, () => {
    it('names whose fault it is', async () => {
      await using running = await open();
      const expected = [
        [
          { type: 'rate_limited', retryAfterS: 9 },
          { code: 'rate_limited', retryAfterS: 9 },
        ],
        [{ type: 'error', status: 500 }, { code: 'upstream_failed' }],
        [{ type: 'error', status: 401 }, { code: 'upstream_rejected' }],
        [{ type: 'error', status: 422 }, { code: 'upstream_rejected' }],
        [{ type: 'wrong_type' }, { code: 'upstream_failed' }],
      ] as const;
      for (const [mode, error] of expected) {
        running.vendor.mode = mode;
        await expect(speakAll(running.provider, french)).rejects.toMatchObject(error);
      }
      expect(running.vendor.requests).toHaveLength(expected.length);
    });

    it('gives what came before a cut and then an error', async () => {
      await using running = await open();
      running.vendor.mode = { type: 'cut' };
      let samples = 0;
      const reading = (async () => {
        for await (const piece of running.provider.speak(french, new AbortController().signal)) samples += piece.length;
      })();
      await expect(reading).rejects.toMatchObject({ code: 'upstream_failed' });
      expect(samples).toBeGreaterThan(1_000);
    });

    it('closes the vendor’s socket when the answer is not wanted any more', async () => {
      await using running = await open();
      for (const mode of [{ type: 'stall' }, { type: 'slow', delayMs: 5_000 }] as const) {
        running.vendor.mode = mode;
        const count = running.vendor.requests.length;
        const controller = new AbortController();
        const reading = speakAll(running.provider, french, controller.signal);
        reading.catch(() => undefined);
        await expect.poll(() => running.vendor.requests.length).toBe(count + 1);
        controller.abort(new Error('hung up'));
        await expect(reading).rejects.toThrow('hung up');
        expect(await running.vendor.requests.at(-1)?.outcome).toBe('closed');
      }
    });
  });
}

describe('what the vendors are asked for', () => {
  it('OpenAI: pcm, the named voice or ours, no instructions for tts-1', async () => {
    await using running = (await vendors['openai']?.()) as OpenedVendor;
    await speakAll(running.provider, { ...french, instructions: 'Chaleureux.' });
    await speakAll(running.provider, { ...french, voice: resolveVoice(builtinMap, 'onyx') });
    expect(running.vendor.requests.map((request) => request.body)).toMatchObject([
      { response_format: 'pcm', voice: 'coral', instructions: 'Chaleureux.' },
      { voice: 'onyx' },
    ]);
  });

  it('ElevenLabs: the voice of the language, 24 kHz, speed within its limits', async () => {
    await using running = (await vendors['elevenlabs']?.()) as OpenedVendor;
    await speakAll(running.provider, { ...french, voice: resolveVoice(builtinMap, 'coach-en'), speed: 3 });
    expect(running.vendor.requests[0]).toMatchObject({
      path: '/v1/text-to-speech/Xb7hH8MSUJpSbSDYk0k2/stream',
      body: { language_code: 'en', voice_settings: { speed: 1.2 } },
    });
  });
});
