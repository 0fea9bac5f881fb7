import { expect, test } from 'vitest';
import { retryAfterSeconds } from './retry-after.ts';

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();

test.each([
  ['7', 7],
  ['0.2', 1],
  [' 30 ', 30],
  ['1000000000', 3_600],
  [inSeconds(90_000), 3_600],
])('%j asks for %d s', (header, seconds) => {
  expect(retryAfterSeconds(header)).toBe(seconds);
});

test('a date is waited for', () => {
  expect(retryAfterSeconds(inSeconds(20))).toBeGreaterThan(17);
  expect(retryAfterSeconds(inSeconds(20))).toBeLessThanOrEqual(20);
});

test.each([undefined, null, '', '0', '-5', 'soon', 'May 2199', 'NaN', '1e9', inSeconds(-60)])(
  '%j asks for nothing',
  (header) => {
    expect(retryAfterSeconds(header)).toBeUndefined();
  },
);
