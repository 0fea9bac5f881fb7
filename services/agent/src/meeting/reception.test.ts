import { expect, test } from 'vitest';
import { missingIn, receptionBetween, type Reception } from './reception.ts';

const heard = (index: number, concealed: number): Reception => ({
  fromMs: index * 500,
  toMs: (index + 1) * 500,
  concealed,
});

test('what came between two looks at the counters is a part of what was heard', () => {
  const before = { total: 48_000, concealed: 0, atMs: 1_000 };
  expect(receptionBetween(before, { total: 72_000, concealed: 6_000, atMs: 1_500 })).toEqual({
    fromMs: 1_000,
    toMs: 1_500,
    concealed: 0.25,
  });
  expect(receptionBetween(before, { ...before, atMs: 1_500 })).toBeUndefined();
});

test('losses of single packets are not counted as missing', () => {
  expect(missingIn(heard(0, 0), heard(1, 0.1), heard(2, 0.05))).toEqual([]);
  expect(missingIn(undefined, heard(1, 0), heard(2, 1))).toEqual([]);
});

test('an absence is missing from where it began to where it ended', () => {
  expect(missingIn(heard(0, 0), heard(1, 0.4), heard(2, 1))).toEqual([{ start_ms: 750, end_ms: 1_000 }]);
  expect(missingIn(heard(1, 0.4), heard(2, 1), heard(3, 0.2))).toEqual([{ start_ms: 1_000, end_ms: 1_500 }]);
  expect(missingIn(heard(2, 1), heard(3, 0.2), heard(4, 0))).toEqual([{ start_ms: 1_500, end_ms: 1_650 }]);
});

test('an absence within one look, whose place nobody knows, is missing as a whole look', () => {
  expect(missingIn(heard(0, 0), heard(1, 0.6), heard(2, 0))).toEqual([{ start_ms: 500, end_ms: 1_000 }]);
});
