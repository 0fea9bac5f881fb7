import { expect, test } from 'vitest';
import { SampleClock } from './sample-clock.ts';

test('samples are dated back from the arrival of their frame', () => {
  const clock = new SampleClock(16_000);
  clock.push(1_600, 10_100);
  expect(clock.timeOf(0)).toBe(10_000);
  expect(clock.timeOf(800)).toBe(10_050);
});

test('jitter of arrival does not move the clock', () => {
  const clock = new SampleClock(16_000);
  for (let index = 1; index <= 10; index += 1) clock.push(1_600, 10_000 + index * 100 + (index % 3) * 60);
  expect(clock.timeOf(16_000)).toBe(11_060);
});

test('a microphone that pauses stops its samples, not the time', () => {
  const clock = new SampleClock(16_000);
  clock.push(16_000, 11_000);
  clock.push(1_600, 41_100);
  expect(clock.timeOf(8_000)).toBe(10_500);
  expect(clock.timeOf(16_000)).toBe(41_000);
  expect(clock.timeOf(16_800)).toBe(41_050);
});

test('the clock keeps a bounded number of gaps', () => {
  const clock = new SampleClock(16_000);
  for (let index = 0; index < 200; index += 1) clock.push(160, index * 10_000);
  expect(clock.samples).toBe(32_000);
  expect(clock.timeOf(31_840)).toBe(199 * 10_000 - 10);
});
