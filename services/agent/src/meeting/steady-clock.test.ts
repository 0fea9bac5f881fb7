import { expect, test } from 'vitest';
import { SteadyClock } from './steady-clock.ts';

const RATE_HZ = 16_000;
const FRAME = 1_600;

/** Frames of 100 ms, each arriving when `arrivesMs` says. */
function clockAfter(frames: number, arrivesMs: (index: number) => number): SteadyClock {
  const clock = new SteadyClock(RATE_HZ);
  for (let index = 0; index < frames; index += 1) clock.push(FRAME, arrivesMs(index));
  return clock;
}

test('samples have the time of their arrival, and a late arrival moves nothing', () => {
  const clock = clockAfter(
    50,
    (index) => 10_000 + (index + 1) * 100 + (index >= 10 && index < 20 ? (20 - index) * 100 : 0),
  );
  expect(clock.timeOf(0)).toBe(10_000);
  expect(clock.timeOf(49 * FRAME)).toBe(14_900);
});

test('a first frame that was late is put right by those after it', () => {
  const clock = clockAfter(20, (index) => 10_000 + (index + 1) * 100 + (index < 3 ? 400 : 0));
  expect(clock.timeOf(0)).toBe(10_000);
});

test('sound that was missing moves the clock, once it is certain', () => {
  const clock = clockAfter(60, (index) => 10_000 + (index + 1) * 100 + (index >= 20 ? 5_000 : 0));
  expect(clock.timeOf(19 * FRAME)).toBe(11_900);
  expect(clock.timeOf(20 * FRAME)).toBe(17_000);
  expect(clock.stretches(19 * FRAME, 21 * FRAME)).toEqual([
    { start_ms: 11_900, end_ms: 12_000 },
    { start_ms: 17_000, end_ms: 17_100 },
  ]);
});

test('after samples that were left out the next ones count from their arrival, never back in time', () => {
  const clock = clockAfter(10, (index) => 10_000 + (index + 1) * 100);
  clock.interrupt();
  clock.push(FRAME, 31_100);
  expect(clock.stretches(0, 11 * FRAME)).toEqual([
    { start_ms: 10_000, end_ms: 11_000 },
    { start_ms: 31_000, end_ms: 31_100 },
  ]);
  clock.interrupt();
  clock.push(FRAME, 31_050);
  expect(clock.timeOf(11 * FRAME)).toBe(31_100);
});

test('over four hours with a stall of half a second every minute the clock is as right as at its beginning', () => {
  const clock = new SteadyClock(RATE_HZ);
  for (let index = 0; index < 4 * 36_000; index += 1) {
    const stallMs = Math.max(0, 500 - (index % 600) * 100);
    clock.push(FRAME, 1_000_000 + (index + 1) * 100 + stallMs);
  }
  expect(clock.timeOf(clock.samples)).toBe(1_000_000 + 4 * 3_600_000);
});
