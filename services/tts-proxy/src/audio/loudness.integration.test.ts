import { loudnessOf } from '@eloquence/testkit/loudness';
import { describe, expect, it } from 'vitest';
import { LoudnessMemory } from './loudness-memory.ts';
import { measure } from './loudness.ts';
import { Polisher } from './polish.ts';
import { amplified, espeakSentence, joined, maxStep } from '../test-support/test-sounds.ts';

const sentences = {
  fr: [
    'Bonjour madame, je suis ravie de vous entendre aujourd’hui.',
    'Votre rendez-vous est fixé au mardi douze mars à quatorze heures trente.',
    'Avez-vous d’autres questions avant que nous commencions ?',
    'Très bien, je vous souhaite une excellente journée.',
  ],
  en: [
    'Good morning, how can I help you today?',
    'Your appointment is on Tuesday the twelfth of March at half past two.',
    'Do you have any other question before we begin?',
    'Very well, have a wonderful day.',
  ],
};
/** What providers sound like to each other: other voices, quieter and louder than espeak-ng is. */
const providers = [
  { name: 'espeak-ng fr', voice: 'fr', db: 0 },
  { name: 'quiet fr', voice: 'fr+f3', db: -12 },
  { name: 'loud fr', voice: 'fr+m4', db: 9 },
  { name: 'quiet en', voice: 'en+f2', db: -9 },
  { name: 'espeak-ng en', voice: 'en-us', db: 0 },
  { name: 'loud en', voice: 'en+m3', db: 6 },
] as const;

function polished(input: Int16Array, voiceKey: string, loudness: LoudnessMemory): Int16Array {
  const polisher = new Polisher({ voiceKey, loudness });
  return joined(polisher.push(input), polisher.flush());
}

const language = (voice: string) => (voice.startsWith('fr') ? 'fr' : 'en');

describe('loudness, by ffmpeg’s ebur128', () => {
  it.each(providers)('is measured as ffmpeg measures it: $name', async ({ voice, db }) => {
    for (const text of sentences[language(voice)]) {
      const speech = amplified(espeakSentence(text, voice), db);
      const { integratedLufs = Number.NaN } = (await loudnessOf(speech)) ?? {};
      expect(Math.abs((measure(speech) as number) - integratedLufs)).toBeLessThan(0.2);
    }
  });

  it('is the same for every provider after its first sentence, and no peak is over -1 dBTP', async () => {
    const loudness = new LoudnessMemory();
    const integrated = await Promise.all(
      providers.map(async ({ name, voice, db }) => {
        const spoken = sentences[language(voice)].map((text) =>
          polished(amplified(espeakSentence(text, voice), db), name, loudness),
        );
        const later = await loudnessOf(joined(...spoken.slice(1)));
        const all = await loudnessOf(joined(...spoken));
        expect(all?.truePeakDb, name).toBeLessThanOrEqual(-1);
        return later?.integratedLufs as number;
      }),
    );
    expect(Math.max(...integrated) - Math.min(...integrated)).toBeLessThan(1.5);
    for (const lufs of integrated) expect(Math.abs(lufs + 17)).toBeLessThan(1);
  });
});

describe('joins', () => {
  it('step no further than the speech does, wherever the voices began and ended', () => {
    const loudness = new LoudnessMemory();
    const [first, second] = [espeakSentence(sentences.fr[0] as string), espeakSentence(sentences.fr[1] as string)];
    for (const sentence of [first, second]) loudness.learn('voice', measure(sentence) as number);
    const inside = Math.min(...[first, second].map((sentence) => maxStep(polished(sentence, 'voice', loudness))));
    for (let cut = 3_000; cut < 40_000; cut += 617) {
      const before = polished(first.subarray(0, cut), 'voice', loudness).subarray(0, -200 * 24);
      const after = polished(second.subarray(cut), 'voice', loudness);
      const both = joined(before, after);
      expect(maxStep(both, before.length - 10, before.length + 10), `cut at ${cut}`).toBeLessThan(inside / 4);
    }
  });
});
