import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { buildProviders, VoiceChain } from './providers/voice-chain.ts';

/** A PATH with these programs on it. */
function pathWith(...programs: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tts-path-'));
  for (const program of programs) {
    writeFileSync(join(folder, program), '#!/bin/sh\n');
    chmodSync(join(folder, program), 0o755);
  }
  return folder;
}
function voice(): string {
  const model = join(mkdtempSync(join(tmpdir(), 'tts-voice-')), 'fr_FR-siwis.onnx');
  writeFileSync(`${model}.json`, JSON.stringify({ audio: { sample_rate: 22_050 } }));
  return model;
}
const INTERNAL_API_KEY = 'internal-key-of-the-test';
const idsOf = (env: Record<string, string>) =>
  buildProviders(readConfig({ INTERNAL_API_KEY, ...env })).map((provider) => provider.id);

describe('the choice of voices', () => {
  it('is, in order: OpenAI key, ElevenLabs key, Piper with a voice, espeak-ng', () => {
    const PATH = pathWith('piper', 'espeak-ng');
    const all = { PATH, OPENAI_API_KEY: 'o', ELEVENLABS_API_KEY: 'e', PIPER_VOICE_FR: voice() };
    expect(idsOf(all)).toEqual(['openai', 'elevenlabs', 'piper', 'espeak']);
    expect(idsOf({ PATH })).toEqual(['espeak']);
    expect(idsOf({ PATH: pathWith('espeak-ng'), PIPER_VOICE_FR: '/nowhere.onnx' })).toEqual(['espeak']);
    expect(idsOf({ PATH: '' })).toEqual([]);
  });

  it('backs a provider chosen by name with espeak-ng alone', () => {
    const all = { PATH: pathWith('espeak-ng'), OPENAI_API_KEY: 'o', ELEVENLABS_API_KEY: 'e' };
    expect(idsOf({ ...all, TTS_PROVIDER: 'elevenlabs' })).toEqual(['elevenlabs', 'espeak']);
    expect(idsOf({ ...all, TTS_PROVIDER: 'espeak' })).toEqual(['espeak']);
  });

  it('names the fix when the one chosen cannot be used, or a voice lacks its description', () => {
    expect(() => readConfig({ INTERNAL_API_KEY, TTS_PROVIDER: 'openai' })).toThrow(/set OPENAI_API_KEY/);
    expect(() => readConfig({ INTERNAL_API_KEY, TTS_PROVIDER: 'espeak', PATH: '' })).toThrow(
      /apt-get install espeak-ng/,
    );
    expect(() => idsOf({ PATH: pathWith('piper'), PIPER_VOICE_EN: '/nowhere.onnx' })).toThrow(/nowhere\.onnx\.json/);
  });
});

describe('VoiceChain', () => {
  it('tries a provider that failed last for a while', () => {
    let nowMs = 0;
    const providers = buildProviders(
      readConfig({ INTERNAL_API_KEY, PATH: pathWith('espeak-ng'), OPENAI_API_KEY: 'o' }),
    );
    const chain = new VoiceChain(providers, () => nowMs);
    const ids = () => chain.order().map((provider) => provider.id);
    chain.failed(providers[0] as (typeof providers)[0]);
    expect([ids(), chain.engine()?.demo]).toEqual([['espeak', 'openai'], true]);
    nowMs = 60_000;
    expect(ids()).toEqual(['openai', 'espeak']);
  });
});
