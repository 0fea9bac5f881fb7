import { expect, test } from 'vitest';
import { noise, noiseKinds } from './noises.ts';

test.each(noiseKinds)('%s is the same for the same seed, and as loud as it says', (kind) => {
  const one = noise(kind, 8, 3);
  expect(one).toEqual(noise(kind, 8, 3));
  const peak = (from: number, to: number) =>
    one.subarray(from, to).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const [quiet, loud] = [peak(0, 32_000), peak(96_000, 128_000)];
  const silent = kind === 'silence';
  expect(quiet > 0).toBe(!silent);
  expect(loud > 5 * quiet).toBe(!silent);
});
