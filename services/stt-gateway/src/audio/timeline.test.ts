import { describe, expect, test } from 'vitest';
import { Timeline } from './timeline.ts';

const ramp = (from: number, length: number) => Int16Array.from({ length }, (_, index) => (from + index) % 30_000);

describe('Timeline', () => {
  test('a slice is the samples of those positions, across chunks', () => {
    const timeline = new Timeline(1_000);
    for (let from = 0; from < 300; from += 100) timeline.append(ramp(from, 100));
    expect(timeline.slice(90, 210)).toEqual(ramp(90, 120));
    expect(timeline.slice(250, 900)).toEqual(ramp(250, 50));
  });

  test('beyond its size the oldest chunks go, and it says from where it still has audio', () => {
    const timeline = new Timeline(250);
    expect(timeline.append(ramp(0, 100))).toBe(0);
    timeline.append(ramp(100, 100));
    expect(timeline.append(ramp(200, 100))).toBe(100);
    expect([timeline.start, timeline.held, timeline.end]).toEqual([100, 200, 300]);
    expect(timeline.slice(50, 150)).toEqual(ramp(100, 50));
  });

  test('trimming keeps the chunk the position lies in', () => {
    const timeline = new Timeline(1_000);
    timeline.append(ramp(0, 100));
    timeline.append(ramp(100, 100));
    timeline.trimBefore(150);
    expect(timeline.start).toBe(100);
    timeline.trimBefore(200);
    expect([timeline.start, timeline.held]).toEqual([200, 0]);
  });

  test('40 hours of audio, beyond 2^31 samples: every position is exact, and little is held', () => {
    const timeline = new Timeline(16_000 * 60);
    const second = ramp(0, 16_000);
    const seconds = 40 * 3600;
    for (let count = 0; count < seconds; count += 1) {
      timeline.append(second);
      timeline.trimBefore(timeline.end - 32_000);
    }
    expect(timeline.end).toBe(seconds * 16_000);
    expect(timeline.end).toBeGreaterThan(2 ** 31);
    expect(timeline.held).toBeLessThanOrEqual(48_000);
    expect(timeline.slice(timeline.end - 16_001, timeline.end - 15_998)).toEqual(Int16Array.of(15_999, 0, 1));
  });
});
