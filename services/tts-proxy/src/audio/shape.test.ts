import { describe, expect, it } from 'vitest';
import { Shaper } from './shape.ts';

function shape(input: Int16Array, size: number): number[] {
  const shaper = new Shaper();
  const output: number[] = [];
  for (let at = 0; at < input.length; at += size) output.push(...shaper.push(input.slice(at, at + size)));
  return [...output, ...shaper.flush()];
}
const MS = 24;
const voice = (silenceMs: number, soundMs: number) =>
  Int16Array.from({ length: (silenceMs + soundMs) * MS }, (_, index) =>
    index < silenceMs * MS ? (index % 3) * 20 : 10_000,
  );

describe('Shaper', () => {
  it.each([7, 480, 100_000])('keeps 10 ms of a long leading silence, in pieces of %i', (size) => {
    const output = shape(voice(300, 50), size);
    expect(output.findIndex((sample) => sample > 1_000) / MS).toBeCloseTo(10, 0);
    expect(output).toHaveLength(60 * MS);
  });

  it('adds no silence to a voice that begins at once, and fades both ends over 5 ms', () => {
    const output = shape(voice(0, 50), 480);
    expect(output).toHaveLength(50 * MS);
    expect([output[0], output.at(-1)]).toEqual([0, 0]);
    expect(output[60]).toBe(5_000);
    expect(output.slice(5 * MS, 45 * MS).every((sample) => sample === 10_000)).toBe(true);
    expect(
      Math.max(...output.slice(1).map((sample, index) => Math.abs(sample - (output[index] as number)))),
    ).toBeLessThan(100);
  });

  it('gives the same samples however the stream is cut', () => {
    expect(shape(voice(40, 90), 1)).toEqual(shape(voice(40, 90), 5_000));
  });

  it('makes nothing of silence', () => {
    expect(shape(new Int16Array(24_000), 480)).toEqual([]);
  });
});
