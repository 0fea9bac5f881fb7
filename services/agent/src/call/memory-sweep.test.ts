import { expect, test } from 'vitest';
import { shouldSweep } from './memory-sweep.ts';

const nowMs = 1_000_000;

test.each([
  ['long ago and quiet', { lastSweepMs: nowMs - 130_000, lastActivityMs: nowMs - 5_000 }, true],
  ['long ago but somebody has just spoken', { lastSweepMs: nowMs - 130_000, lastActivityMs: nowMs - 500 }, false],
  ['quiet but swept a moment ago', { lastSweepMs: nowMs - 10_000, lastActivityMs: nowMs - 9_000 }, false],
])('%s: %o -> %s', (_name, moment, expected) => {
  expect(shouldSweep({ nowMs, ...moment })).toBe(expected);
});
