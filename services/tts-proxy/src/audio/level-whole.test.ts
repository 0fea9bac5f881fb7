import { expect, test } from 'vitest';
import { amplified, humming, joined } from '../test-support/test-sounds.ts';
import { levelWhole } from './level-whole.ts';
import { TARGET_LUFS } from './leveller.ts';
import { measure } from './loudness.ts';

test.each([-12, -4, 3, 8])('a sentence %d dB off is brought to the target, as long as it was', async (db) => {
  const sentence = humming(3, 0.2);
  const off = TARGET_LUFS - (measure(sentence) ?? 0);
  const samples = amplified(sentence, off + db);
  const levelled = await levelWhole(samples);
  expect(levelled).toHaveLength(samples.length);
  expect(Math.abs((measure(levelled) ?? 0) - TARGET_LUFS)).toBeLessThan(0.7);
});

test('a sentence that found its level on the way is near the target from its beginning', async () => {
  const sentence = amplified(humming(2, 0.2), TARGET_LUFS - (measure(humming(2, 0.2)) ?? 0));
  const levelled = await levelWhole(joined(amplified(sentence, -4), amplified(sentence, -1.5)));
  expect(Math.abs((measure(levelled.slice(0, levelled.length / 2)) ?? 0) - TARGET_LUFS)).toBeLessThan(2);
});

test('what is right already, or too short to be judged, is left as it is', async () => {
  const right = amplified(humming(2, 0.2), TARGET_LUFS - (measure(humming(2, 0.2)) ?? 0));
  expect(await levelWhole(right)).toBe(right);
  const short = humming(0.2);
  expect(await levelWhole(short)).toBe(short);
});
