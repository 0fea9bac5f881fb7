import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { createProviders } from './providers/create-providers.ts';

/** A PATH with these programs on it. */
function pathWith(...programs: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tts-path-'));
  for (const program of programs) {
    writeFileSync(join(folder, program), '#!/bin/sh\n');
    chmodSync(join(folder, program), 0o755);
  }
  return folder;
}
function voice(name = 'fr_FR-siwis-medium'): string {
  const model = join(mkdtempSync(join(tmpdir(), 'tts-voice-')), `${name}.onnx`);
  writeFileSync(`${model}.json`, JSON.stringify({ audio: { sample_rate: 22_050 } }));
  return model;
}
const INTERNAL_API_KEY = 'internal-key-of-the-test';
const read = (env: Record<string, string>) => readConfig({ INTERNAL_API_KEY, ...env });
const idsOf = (env: Record<string, string>) => createProviders(read(env).providers).map(({ id }) => id);
const everything = () => ({
  PATH: pathWith('piper', 'espeak-ng'),
  OPENAI_API_KEY: 'o',
  ELEVENLABS_API_KEY: 'e',
  MISTRAL_API_KEY: 'm',
  TTS_REST_URL: 'http://kokoro:8880',
  TTS_REST_MODEL: 'kokoro',
  PIPER_VOICE_FR: voice(),
});

describe('TTS_PROVIDERS', () => {
  it('left out is, in order: OpenAI key, ElevenLabs key, TTS_REST_URL, Piper with a voice, espeak-ng', () => {
    expect(idsOf(everything())).toEqual(['openai', 'elevenlabs', 'rest', 'piper', 'espeak']);
    expect(idsOf({ PATH: pathWith('espeak-ng') })).toEqual(['espeak']);
    expect(idsOf({ PATH: pathWith('espeak-ng'), PIPER_VOICE_FR: '/nowhere.onnx' })).toEqual(['espeak']);
    expect(idsOf({ PATH: '', PIPER_URL: 'http://piper:5000' })).toEqual(['piper']);
    expect(idsOf({ PATH: '' })).toEqual([]);
  });

  it('sends no speech to Mistral for a key that is there for the language model', () => {
    const key = { PATH: '', MISTRAL_API_KEY: 'm' };
    expect(idsOf(key)).toEqual([]);
    expect(idsOf({ ...key, MISTRAL_TTS_MODEL: 'voxtral-tts' })).toEqual(['mistral']);
    expect(idsOf({ ...key, TTS_PROVIDERS: 'mistral' })).toEqual(['mistral']);
  });

  it('is exactly the ones named, best first, backed by espeak-ng alone', () => {
    expect(idsOf({ ...everything(), TTS_PROVIDERS: 'elevenlabs' })).toEqual(['elevenlabs', 'espeak']);
    expect(idsOf({ ...everything(), TTS_PROVIDERS: 'Piper, openai' })).toEqual(['piper', 'openai', 'espeak']);
    expect(idsOf({ ...everything(), TTS_PROVIDERS: 'espeak,openai' })).toEqual(['espeak', 'openai']);
    expect(idsOf({ ...everything(), TTS_PROVIDERS: 'rest,auto' })[0]).toBe('rest');
  });

  it('ends in silence where the list ends with none', () => {
    expect(idsOf({ ...everything(), TTS_PROVIDERS: 'elevenlabs,none' })).toEqual(['elevenlabs']);
  });

  it.each([
    [{ TTS_PROVIDERS: 'openai' }, 'TTS_PROVIDERS: openai needs OPENAI_API_KEY'],
    [{ TTS_PROVIDERS: 'espeak', PATH: '' }, 'apt-get install espeak-ng'],
    [{ TTS_PROVIDERS: 'rest' }, 'TTS_PROVIDERS: rest needs TTS_REST_URL'],
    [{ TTS_REST_URL: 'http://kokoro:8880' }, 'TTS_REST_URL: is set; it needs TTS_REST_MODEL'],
    [{ TTS_PROVIDERS: 'piper', PATH: '' }, 'TTS_PROVIDERS: piper needs PIPER_URL'],
    [{ TTS_PROVIDERS: 'opnai' }, 'TTS_PROVIDERS: there is no opnai; use auto, or any of openai'],
    [{ TTS_PROVIDERS: 'none' }, 'TTS_PROVIDERS: names no provider'],
    [{ TTS_VOICES: '/nowhere.json' }, 'TTS_VOICES: /nowhere.json: cannot be read'],
    [{ API_KEYS: 'short' }, 'API_KEYS: each key must have at least 16 characters'],
  ])('%o names the fault and its fix', (env, message) => {
    expect(() => read(env)).toThrow(message);
  });

  it('names a voice of Piper’s that lacks its description', () => {
    expect(() => idsOf({ PATH: pathWith('piper'), PIPER_VOICE_EN: '/nowhere.onnx' })).toThrow(/nowhere\.onnx\.json/);
  });
});

const settingsOf = (id: string, env: Record<string, string>) => read(env).providers.find((one) => one.id === id);
const restVoices = (env: Record<string, string>) => settingsOf('rest', { TTS_REST_URL: 'http://k', ...env })?.voices;

describe('the settings of providers', () => {
  it('take an address with and without /v1', () => {
    for (const TTS_REST_URL of ['http://kokoro:8880', 'http://kokoro:8880/v1', 'http://kokoro:8880/v1/'])
      expect(settingsOf('rest', { TTS_REST_URL, TTS_REST_MODEL: 'm' })).toMatchObject({
        baseUrl: 'http://kokoro:8880/v1',
      });
  });

  it('have the voices that fit the server: Kokoro’s own, OpenAI’s names, or the ones given', () => {
    expect(restVoices({ TTS_REST_MODEL: 'Kokoro-82M' })).toMatchObject({
      fr: { female: 'ff_siwis' },
      en: { male: 'bm_george' },
    });
    expect(restVoices({ TTS_REST_MODEL: 'm', TTS_REST_VOICE_FR: 'siwis' })).toEqual({
      fr: { female: 'siwis', male: 'siwis' },
      en: { female: 'coral', male: 'ash' },
    });
  });

  it('give the cloud TTS_HEDGE_MS, a local program more, and the last resort no rival', () => {
    const { providers } = read({ ...everything(), TTS_HEDGE_MS: '250' });
    expect(providers.map((one) => ('hedgeAfterMs' in one ? one.hedgeAfterMs : undefined))).toEqual([
      250,
      250,
      250,
      1_500,
      undefined,
    ]);
  });
});

describe('the cache', () => {
  it('is 64 MB of memory and 512 MB of disk; `none` keeps nothing on disk', () => {
    expect(read({}).cache).toEqual({ dir: '.eloquence/cache/speech', diskBytes: 512e6, memoryBytes: 64e6 });
    expect(read({ TTS_CACHE_DIR: 'none', TTS_CACHE_MEMORY_MB: '1' }).cache).toMatchObject({ memoryBytes: 1e6 });
    expect(read({ TTS_CACHE_DIR: 'none' }).cache.dir).toBeUndefined();
    expect(read({ TTS_CACHE_MB: '0' }).cache.dir).toBeUndefined();
  });
});
