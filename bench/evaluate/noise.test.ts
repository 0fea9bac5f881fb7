import { levelDb } from '@eloquence/testkit/waveform';
import { expect, test } from 'vitest';
import { addNoise } from './noise.ts';

const tone = Int16Array.from({ length: 16_000 }, (_, at) => Math.sin(at / 3) * 8_000);

test('noise is as much below the speech as asked for, and the same in every run', () => {
  const noisy = addNoise(tone, 20);
  const noise = noisy.map((sample, at) => sample - (tone[at] ?? 0));
  expect(levelDb(tone) - levelDb(noise)).toBeCloseTo(20, 0);
  expect(addNoise(tone, 20)).toEqual(noisy);
});
