import { pick, seededRandom, type Random } from '@eloquence/testkit/seeded-random';
import { describe, expect, it } from 'vitest';
import { listen, speechBench } from '../test-support/speech-bench.ts';
import type { Manner } from '../test-support/talking-vendor.ts';
import { by, FOUR, LONG, wordsOf } from '../test-support/word-tones.ts';

const SENTENCES = [...(FOUR.match(/\S[^.]+\./g) ?? []), LONG];

function randomManner(random: Random): Manner {
  const after = Math.floor(random() * 4);
  return pick<Manner>(random, [
    {},
    {},
    { gapMs: 10 },
    { lateMs: 60 },
    { lateMs: 400 },
    { status: 500 },
    { fault: { type: 'cut', after } },
    { fault: { type: 'stall', after } },
  ]);
}

describe('an answer in front of vendors that fail at random', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'has its words in order, none twice, no sentence in two voices, and never more than two requests at once (%i)',
    async (seed) => {
      const random = seededRandom(seed);
      await using bench = await speechBench(2, {
        hedgeAfterMs: 100,
        firstProbeMs: 20,
        limits: { idleTimeoutMs: 150, firstSoundTimeoutMs: 250, lastFirstSoundTimeoutMs: 1_000 },
      });
      let mostAtOnce = 0;
      const [faulty, other] = bench.vendors;
      if (!faulty || !other) throw new Error('two vendors are needed');
      faulty.manner = () => {
        mostAtOnce = Math.max(mostAtOnce, faulty.open + other.open);
        return randomManner(random);
      };
      // Somebody can speak, so that every sentence has to be heard of.
      other.manner = () => {
        mostAtOnce = Math.max(mostAtOnce, faulty.open + other.open);
        return { gapMs: pick(random, [0, 5]) };
      };
      const written = Array.from({ length: 6 }, () => pick(random, SENTENCES));
      const speech = await bench.open();
      for (const sentence of written) speech.write(`${sentence} `);
      speech.end();
      const { sentences, types } = await listen(speech);
      expect(sentences.map(({ text }) => text.trim())).toEqual(written);
      let broken = 0;
      for (const { text, words, engine } of sentences) {
        const whole = by(engine === 'openai' ? 0 : 1, text);
        expect(words).toEqual(whole.slice(0, words.length));
        if (words.length < wordsOf(text).length) broken += 1;
      }
      // A sentence without its end is told of; one may break off after its last word.
      expect(types.filter((type) => type === 'broken').length).toBeGreaterThanOrEqual(broken);
      expect(mostAtOnce).toBeLessThanOrEqual(2);
    },
  );
});
