import { expect, test } from 'vitest';
import { quietCut } from './quiet-cut.ts';

test('short sound is not cut, long sound is cut in its quietest moment', () => {
  const loud = new Int16Array(200_000).fill(5_000);
  expect(quietCut(loud.subarray(0, 100_000), 160_000)).toBe(100_000);
  loud.fill(20, 120_000, 126_000);
  const cut = quietCut(loud, 160_000);
  expect(cut).toBeGreaterThan(120_000);
  expect(cut).toBeLessThan(126_000);
});
