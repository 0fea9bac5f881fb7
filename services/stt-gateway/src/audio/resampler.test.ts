import { describe, expect, test } from 'vitest';
import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { INPUT_RATES_HZ, Resampler } from './resampler.ts';

const sine = (frequencyHz: number, rateHz: number, durationS = 1) =>
  Int16Array.from(
    { length: rateHz * durationS },
    (_, n) => 16_000 * Math.sin((2 * Math.PI * frequencyHz * n) / rateHz),
  );

/** Pushes in pieces of odd sizes, as a network does. */
function resample(samples: Int16Array, rateHz: number, piece = 997): Int16Array {
  const resampler = new Resampler(rateHz);
  const out: number[] = [];
  for (let offset = 0; offset < samples.length; offset += piece)
    out.push(...resampler.push(samples.subarray(offset, offset + piece)));
  out.push(...resampler.flush());
  return Int16Array.from(out);
}

/** Amplitude of one frequency in the middle of the signal, full scale 32768. */
function amplitude(samples: Int16Array, frequencyHz: number): number {
  const middle = samples.subarray(2_000, samples.length - 2_000);
  let inPhase = 0;
  let cosine = 0;
  middle.forEach((sample, n) => {
    const angle = (2 * Math.PI * frequencyHz * n) / STT_SAMPLE_RATE_HZ;
    inPhase += sample * Math.sin(angle);
    cosine += sample * Math.cos(angle);
  });
  return (2 * Math.hypot(inPhase, cosine)) / middle.length;
}

describe('Resampler', () => {
  test.each(INPUT_RATES_HZ)(
    'a 1 kHz tone at %i Hz comes out as the same tone, sample for sample in place',
    (rateHz) => {
      const out = resample(sine(1000, rateHz), rateHz);
      const expected = sine(1000, STT_SAMPLE_RATE_HZ);
      expect(Math.abs(out.length - expected.length)).toBeLessThanOrEqual(1);
      let worst = 0;
      for (let n = 500; n < expected.length - 500; n += 1)
        worst = Math.max(worst, Math.abs((out[n] as number) - (expected[n] as number)));
      // -50 dB of the tone.
      expect(worst).toBeLessThan(50);
    },
  );

  test.each([24_000, 44_100, 48_000])('a tone above 8 kHz at %i Hz does not fold back', (rateHz) => {
    const tone = 9_500;
    const out = resample(sine(tone, rateHz), rateHz);
    // 60 dB under what went in.
    expect(amplitude(out, STT_SAMPLE_RATE_HZ - tone)).toBeLessThan(16);
  });

  test('the pieces it comes in do not matter', () => {
    const input = sine(440, 48_000, 0.2);
    expect(resample(input, 48_000, 7)).toEqual(resample(input, 48_000, 5_000));
  });

  test('full scale does not wrap around', () => {
    const square = Int16Array.from({ length: 4_800 }, (_, n) => (n % 96 < 48 ? 32_767 : -32_768));
    const out = resample(square, 48_000);
    // The overshoot of a band-limited square is clipped; wrapped it would change sign inside a half-wave.
    const inPositiveHalf = out.filter((_sample, n) => {
      const phase = (n * 3) % 96;
      return n > 40 && n < out.length - 40 && phase > 9 && phase < 39;
    });
    expect(Math.min(...inPositiveHalf)).toBeGreaterThan(20_000);
  });

  test('a rate without a filter is refused', () => {
    expect(() => new Resampler(12_345)).toThrow(RangeError);
  });
});
