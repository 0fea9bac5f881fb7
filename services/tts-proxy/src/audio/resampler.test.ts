import { describe, expect, it } from 'vitest';
import { Resampler } from './resampler.ts';

function sine(frequencyHz: number, rateHz: number, samples: number, level = 0.5): Int16Array {
  return Int16Array.from({ length: samples }, (_, index) =>
    Math.round(Math.sin((2 * Math.PI * frequencyHz * index) / rateHz) * level * 32_767),
  );
}

function convert(input: Int16Array, fromHz: number, cuts: readonly number[] = [], toHz = 24_000): number[] {
  const resampler = new Resampler(fromHz, toHz);
  const output: number[] = [];
  let at = 0;
  for (const cut of [...cuts, input.length]) {
    output.push(...resampler.push(input.slice(at, cut)));
    at = cut;
  }
  return [...output, ...resampler.flush()];
}

const rms = (samples: readonly number[]) =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);

/** Of one frequency, through a Hann window. */
function levelAt(samples: readonly number[], frequencyHz: number, rateHz: number): number {
  const turn = (2 * Math.PI * frequencyHz) / rateHz;
  const window = samples.map((sample, at) => sample * (1 - Math.cos((2 * Math.PI * at) / (samples.length - 1))));
  return Math.hypot(
    window.reduce((sum, sample, at) => sum + sample * Math.cos(turn * at), 0),
    window.reduce((sum, sample, at) => sum + sample * Math.sin(turn * at), 0),
  );
}

describe('Resampler', () => {
  it.each([16_000, 22_050, 44_100, 48_000])('keeps the length of a second at %i Hz', (rateHz) => {
    expect(convert(sine(440, rateHz, rateHz), rateHz)).toHaveLength(24_000);
  });

  it.each([16_000, 22_050, 44_100])('gives the sine that was meant from %i Hz, 1 dB quieter', (rateHz) => {
    const output = convert(sine(1000, rateHz, rateHz), rateHz);
    const gain = 10 ** (-1 / 20);
    const wanted = sine(1000, 24_000, 24_000).slice(1000, 23_000);
    const error = output.slice(1000, 23_000).map((sample, index) => sample - (wanted[index] as number) * gain);
    expect(rms(error) / rms([...wanted])).toBeLessThan(0.005);
  });

  it('gives the same samples however the stream is cut', () => {
    const input = sine(700, 22_050, 5_000);
    const whole = convert(input, 22_050);
    expect(convert(input, 22_050, [1, 2, 3, 700, 701, 2_048, 4_999])).toEqual(whole);
  });

  it('does not clip a voice at full scale', () => {
    const square = Int16Array.from({ length: 22_050 }, (_, index) => (Math.floor(index / 50) % 2 ? 32_767 : -32_768));
    const smooth = convert(sine(3_000, 22_050, 22_050, 1), 22_050);
    expect(Math.max(...smooth)).toBeLessThan(32_767);
    // A square is more than any voice: it may touch the rail, it must not wrap around.
    const output = convert(square, 22_050);
    const jumps = output.slice(1).map((sample, index) => Math.abs(sample - (output[index] as number)));
    expect(Math.max(...jumps)).toBeLessThan(65_535);
    expect(Math.max(...output)).toBeLessThanOrEqual(32_767);
  });

  it('removes what the lower rate cannot hold', () => {
    expect(rms(convert(sine(15_000, 44_100, 44_100), 44_100).slice(100, -100))).toBeLessThan(
      rms([...sine(1, 4, 100)]) * 0.02,
    );
  });

  it.each([8_000, 16_000, 32_000, 48_000])('keeps length and level of a voice on its way out at %i Hz', (toHz) => {
    const output = convert(sine(1_000, 24_000, 24_000), 24_000, [1, 7, 12_001], toHz);
    expect(output).toHaveLength(toHz);
    expect(20 * Math.log10(rms(output.slice(100, -100)) / rms([...sine(1_000, 24_000, 24_000)]))).toBeCloseTo(-1, 1);
  });

  it.each([
    [8_000, [4_400, 5_000, 7_000, 9_000, 11_500]],
    [16_000, [8_700, 9_500, 11_500]],
  ])('lets nothing fold back at %i Hz: under -60 dB', (toHz, frequenciesHz) => {
    for (const frequencyHz of frequenciesHz) {
      const output = convert(sine(frequencyHz, 24_000, 24_000), 24_000, [], toHz).slice(100, -100);
      expect(rms(output) / (0.5 * 32_767 * Math.SQRT1_2), `${frequencyHz} Hz`).toBeLessThan(0.001);
    }
  });

  it.each([
    [32_000, [9_000, 10_000, 11_000]],
    [48_000, [1_000, 5_000, 10_000, 11_000]],
  ])('lets no image of the voice through at %i Hz: under -60 dB', (toHz, frequenciesHz) => {
    for (const frequencyHz of frequenciesHz) {
      const output = convert(sine(frequencyHz, 24_000, 24_000), 24_000, [], toHz);
      const image = levelAt(output, 24_000 - frequencyHz, toHz) / levelAt(output, frequencyHz, toHz);
      expect(image, `${frequencyHz} Hz`).toBeLessThan(0.001);
    }
  });

  it('refuses rates that make no sense', () => {
    expect(() => new Resampler(0, 24_000)).toThrow(RangeError);
    expect(() => new Resampler(192_000, 24_000)).toThrow(RangeError);
  });
});
