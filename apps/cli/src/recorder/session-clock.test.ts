import { expect, test } from 'vitest';
import { SessionClock } from './session-clock.ts';

test('the quickest of the answers says how the clocks stand', () => {
  const clock = new SessionClock();
  expect(clock.toSession(5)).toBeNull();
  // Started at 1000 on our clock; the first answer took 80 ms, and was given late.
  expect(clock.observe(60, 1_000, 1_080)).toBe(true);
  expect(clock.observe(502, 1_500, 1_504)).toBe(false);
  expect(clock.observe(900, 1_900, 2_100)).toBe(false);
  expect(clock.current).toEqual({ session_started_ms: 1_000, accuracy_ms: 2 });
  expect(clock.toSession(3_000)).toBe(2_000);
  expect(clock.toSession(100)).toBe(0);
});

test('a clock that was set is noticed, and what was known before counts no more', () => {
  const clock = new SessionClock();
  clock.observe(10_000, 110_000, 110_002);
  expect(clock.observe(20_000, 3_720_000, 3_720_040)).toBe(true);
  expect(clock.toSession(3_721_020)).toBe(21_000);
});
