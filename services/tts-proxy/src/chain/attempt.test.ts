import { once } from 'node:events';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { describe, expect, it } from 'vitest';
import { LoudnessMemory } from '../audio/loudness-memory.ts';
import type { SpeechProvider, Utterance } from '../providers/provider.ts';
import { defaultLimits, type SpeechLimits } from '../speech/limits.ts';
import { humming } from '../test-support/test-sounds.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { Attempt, voiceKey } from './attempt.ts';
import { VoiceChain } from './voice-chain.ts';

const voice = resolveVoice(builtinMap, 'coach-fr');

function bench(speak: SpeechProvider['speak'], limits: Partial<SpeechLimits> = {}) {
  const logger = createLogger('tts-proxy', 'silent');
  const engine = { id: 'e', label: 'e', label_fr: 'e', demo: false };
  const provider: SpeechProvider = { id: 'openai', engine, identity: () => 'e', check: async () => undefined, speak };
  const [member] = new VoiceChain([provider], { logger }).members;
  if (!member) throw new Error('no member');
  const loudness = new LoudnessMemory();
  const telemetry = new Telemetry({ processMetrics: false });
  const ask = (utterance: Partial<Utterance>) =>
    new Attempt({
      member,
      utterance: { text: 'Bonjour à vous.', voice, speed: 1, ...utterance },
      limits: { ...defaultLimits, ...limits },
      telemetry,
      logger,
      loudness,
      signal: new AbortController().signal,
      onGone: () => undefined,
    });
  return { member, provider, loudness, telemetry, ask };
}

/** Reads an attempt to its end. @returns seconds of sound */
async function heardOf(attempt: Attempt): Promise<number> {
  let samples = (await attempt.first(5_000)).length;
  for (let piece = await attempt.next(); piece; piece = await attempt.next()) samples += piece.length;
  return samples / 24_000;
}

describe('Attempt', () => {
  it('does not let one caller’s instructions or pace set the loudness of a voice for everybody', async () => {
    const { ask, loudness, provider } = bench(async function* () {
      yield humming(3, 0.01);
    });
    await heardOf(ask({ instructions: 'whisper' }));
    await heardOf(ask({ speed: 0.5 }));
    expect(loudness.expected(voiceKey(provider, voice))).toBeUndefined();
    expect(loudness.expected(voiceKey(provider, voice, { speed: 1, instructions: 'whisper' }))).toBeLessThan(-30);
    expect(loudness.expected(voiceKey(provider, voice, { speed: 0.5 }))).toBeLessThan(-30);
    await heardOf(ask({}));
    expect(loudness.expected(voiceKey(provider, voice))).toBeLessThan(-30);
  });

  it('cuts off a voice that goes on and on: sound is bounded by its text', async () => {
    let made = 0;
    const { ask, telemetry } = bench(async function* () {
      const second = humming(1);
      for (; made < 300; made += 1) yield second;
    });
    await expect(heardOf(ask({}))).rejects.toMatchObject({ code: 'upstream_failed', message: /did not stop/ });
    // Fifteen characters.
    expect(made).toBeGreaterThan(18);
    expect(made).toBeLessThan(40);
    expect(await telemetry.registry.metrics()).toContain('{provider="openai",outcome="broken"} 1');
  });

  it('does not blame a provider for a reader who took too long', async () => {
    const cut: Promise<unknown>[] = [];
    const { ask, member, telemetry } = bench(
      async function* (_utterance, signal) {
        cut.push(once(signal, 'abort'));
        const second = humming(1);
        for (let made = 0; made < 10 && !signal.aborted; made += 1) yield second;
        signal.throwIfAborted();
      },
      { answerTimeoutMs: 300 },
    );
    for (let time = 0; time < 3; time += 1) {
      const attempt = ask({});
      await attempt.first(5_000);
      await cut.at(-1);
      await expect(heardRest(attempt)).rejects.toMatchObject({ code: 'upstream_timeout' });
    }
    expect(member.health.fault).toBeUndefined();
    expect(await telemetry.registry.metrics()).toContain('{provider="openai",outcome="aborted"} 3');
  });
});

async function heardRest(attempt: Attempt): Promise<void> {
  for (let piece = await attempt.next(); piece; piece = await attempt.next());
}
