import { describe, expect, it } from 'vitest';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import type { SpeechProvider, Utterance } from './provider.ts';

export interface Opened extends AsyncDisposable {
  readonly provider: SpeechProvider;
}

export const french: Utterance = {
  text: 'Bonjour, je suis votre coach.',
  voice: resolveVoice(builtinMap, 'coach-fr'),
  speed: 1,
};

/** All samples a provider gives. */
export async function speakAll(
  provider: SpeechProvider,
  utterance: Utterance,
  signal?: AbortSignal,
): Promise<number[]> {
  const samples: number[] = [];
  const pieces = provider.speak(utterance, signal ?? new AbortController().signal);
  for await (const piece of pieces) for (const sample of piece) samples.push(sample);
  return samples;
}

/** What every voice has to do; run over each of them. */
export function speechProviderConformance(name: string, open: () => Promise<Opened>): void {
  describe(`${name} as a speech provider`, () => {
    it('gives audible sound of a length that fits the words, not clipped', async () => {
      await using opened = await open();
      const samples = await speakAll(opened.provider, french);
      expect(samples.length / 24_000).toBeGreaterThan(0.4);
      expect(samples.length / 24_000).toBeLessThan(6);
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      expect(peak).toBeGreaterThan(1_000);
      expect(peak).toBeLessThanOrEqual(32_767);
    });

    it('speaks English, quickly, with a named voice and instructions', async () => {
      await using opened = await open();
      const english: Utterance = {
        text: '-v is not an option; $(neither) is this `one`.',
        voice: resolveVoice(builtinMap, 'nova', { language: 'en' }),
        speed: 1.5,
        instructions: 'Speak warmly.',
      };
      expect((await speakAll(opened.provider, english)).length).toBeGreaterThan(5_000);
    });

    it('takes every speed there is', async () => {
      await using opened = await open();
      for (const speed of [0.25, 4])
        expect((await speakAll(opened.provider, { ...french, text: 'Oui.', speed })).length).toBeGreaterThan(1_000);
    });

    it('stops with the reason of an abort, before and in the middle', async () => {
      await using opened = await open();
      await expect(speakAll(opened.provider, french, AbortSignal.abort(new Error('too early')))).rejects.toThrow(
        'too early',
      );
      const controller = new AbortController();
      const reading = (async () => {
        const long = { ...french, text: `${french.text} `.repeat(60) };
        for await (const piece of opened.provider.speak(long, controller.signal))
          if (piece.length > 0) controller.abort(new Error('enough'));
      })();
      await expect(reading).rejects.toThrow('enough');
    });

    it('serves several at once', async () => {
      await using opened = await open();
      const all = await Promise.all([1, 2, 3].map(() => speakAll(opened.provider, french)));
      expect(new Set(all.map((samples) => samples.length)).size).toBe(1);
    });

    it('tells the cache another name for another person, and the same for the same', async () => {
      await using opened = await open();
      const { provider } = opened;
      const identity = (id: string) => provider.identity(resolveVoice(builtinMap, id));
      expect(identity('coach-fr')).not.toBe(identity('coach-man-en'));
      expect(identity('coach-fr')).toBe(identity('coach-fr'));
      expect(identity('coach-fr')).toMatch(new RegExp(`^${provider.id} `));
    });

    it('is found good by its check', async () => {
      await using opened = await open();
      await expect(opened.provider.check(new AbortController().signal)).resolves.toBeUndefined();
    });

    it('says it is a stand-in exactly when it is one, and only the last resort needs no rival', async () => {
      await using opened = await open();
      const isLast = opened.provider.id === 'espeak';
      expect(opened.provider.engine.demo).toBe(isLast);
      expect(opened.provider.hedgeAfterMs === undefined).toBe(isLast);
    });
  });
}
