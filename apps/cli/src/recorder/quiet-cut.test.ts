import { expect, test } from 'vitest';
import { quietCut } from './quiet-cut.ts';

test('sound is cut in its quietest moment, late in it', () => {
  const loud = new Int16Array(160_000).fill(5_000);
  loud.fill(0, 20_000, 30_000);
  loud.fill(20, 120_000, 126_000);
  const cut = quietCut(loud);
  expect(cut).toBeGreaterThan(120_000);
  expect(cut).toBeLessThan(126_000);
});
