import { describe, expect, test } from 'vitest';
import {
  bargeInStopMs,
  findSegments,
  levelDb,
  responseLatencyMs,
  SAMPLE_RATE_HZ,
  soundBounds,
  toSamples,
} from './waveform.ts';

/** Silence with low noise (-70 dBFS) and 220 Hz tones at the given places. */
function recording(lengthMs: number, tones: readonly [fromMs: number, toMs: number, amplitude?: number][]): Int16Array {
  const pcm = new Int16Array(toSamples(lengthMs));
  for (let index = 0; index < pcm.length; index += 1) pcm[index] = ((index * 7919) % 21) - 10;
  for (const [fromMs, toMs, amplitude = 8000] of tones) {
    for (let index = toSamples(fromMs); index < toSamples(toMs); index += 1) {
      pcm[index] = Math.round(amplitude * Math.sin((2 * Math.PI * 220 * index) / SAMPLE_RATE_HZ + 1));
    }
  }
  return pcm;
}

describe('findSegments', () => {
  test.each([1000, 1003, 1007.5, 1234])('finds an onset at %d ms to within 20 ms', (onsetMs) => {
    const [segment] = findSegments(recording(3000, [[onsetMs, 2000]]));
    expect(Math.abs((segment?.fromMs ?? 0) - onsetMs)).toBeLessThanOrEqual(20);
    expect(Math.abs((segment?.toMs ?? 0) - 2000)).toBeLessThanOrEqual(20);
  });

  test('finds a soft onset that grows slowly within 20 ms of the moment it passes the threshold', () => {
    const pcm = new Int16Array(toSamples(1000));
    // Rises linearly over 200 ms from 500 ms on; its sine passes -50 dBFS RMS (peak 147) at 500 + 200 * 147 / 8000.
    for (let index = toSamples(500); index < pcm.length; index += 1) {
      const gain = Math.min(1, (index - toSamples(500)) / toSamples(200));
      pcm[index] = Math.round(8000 * gain * Math.sin((2 * Math.PI * 220 * index) / SAMPLE_RATE_HZ));
    }
    expect(Math.abs((findSegments(pcm)[0]?.fromMs ?? 0) - 503.7)).toBeLessThanOrEqual(20);
  });

  test('leaves out a click of 5 ms and a tone below -50 dBFS', () => {
    const clicks = recording(2000, [
      [500, 505],
      [1000, 1300, 60],
    ]);
    expect(findSegments(clicks)).toEqual([]);
  });

  test('parts two sounds at a gap and joins them when the gap is shorter than asked for', () => {
    const pcm = recording(3000, [
      [500, 1000],
      [1300, 1800],
    ]);
    expect(findSegments(pcm)).toHaveLength(2);
    expect(findSegments(pcm, { joinGapMs: 700 })).toHaveLength(1);
  });

  test('finds nothing in silence and in an empty recording', () => {
    expect(findSegments(new Int16Array(16_000))).toEqual([]);
    expect(findSegments(new Int16Array(0))).toEqual([]);
    expect(soundBounds(new Int16Array(100))).toBeUndefined();
  });

  test('sound that lasts to the end of the recording is a segment', () => {
    expect(findSegments(recording(1000, [[500, 1000]]))[0]?.toMs).toBeCloseTo(1000, -1);
  });
});

describe('times of a turn', () => {
  const spoken = { fromMs: 1000, toMs: 2400 };

  test('latency is from the end of speech to the first sound of the answer', () => {
    const heard = findSegments(
      recording(6000, [
        [200, 800],
        [3150, 5000],
      ]),
    );
    expect(Math.abs((responseLatencyMs(spoken, heard) ?? 0) - 750)).toBeLessThanOrEqual(20);
  });

  test('latency is negative when the answer cuts the person off, and absent without an answer', () => {
    expect(responseLatencyMs(spoken, [{ fromMs: 2000, toMs: 3000 }])).toBe(-400);
    expect(responseLatencyMs(spoken, [{ fromMs: 100, toMs: 1500 }])).toBeUndefined();
  });

  test('stop time of an interruption is what was still heard after it', () => {
    const heard = findSegments(recording(4000, [[1000, 2300]]));
    expect(Math.abs((bargeInStopMs(2000, heard) ?? 0) - 300)).toBeLessThanOrEqual(20);
    expect(bargeInStopMs(3000, heard)).toBeUndefined();
  });
});

test('a full-scale sine is 3 dB below full scale', () => {
  expect(levelDb(recording(1000, [[0, 1000, 32_767]]))).toBeCloseTo(-3.01, 1);
  expect(levelDb(new Int16Array(0))).toBe(-Infinity);
});
