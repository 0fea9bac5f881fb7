import { describe, expect, it } from 'vitest';
import { LoudnessMemory } from './loudness-memory.ts';
import { LoudnessMeter, measure } from './loudness.ts';
import { humming, joined, silence } from '../test-support/test-sounds.ts';

const sine = (seconds: number, level: number, frequencyHz = 997) =>
  Int16Array.from({ length: Math.round(seconds * 24_000) }, (_, at) =>
    Math.round(Math.sin((2 * Math.PI * frequencyHz * at) / 24_000) * level * 32_767),
  );

describe('measure', () => {
  it('says -3.01 LUFS of a full sine of 997 Hz, as the standard does', () => {
    expect(measure(sine(2, 1))).toBeCloseTo(-3.01, 1);
    expect(measure(sine(2, 0.1))).toBeCloseTo(-23.01, 1);
  });

  it('hears low tones less and high ones more', () => {
    expect(measure(sine(2, 0.1, 40))).toBeLessThan(-28);
    expect(measure(sine(2, 0.1, 5_000))).toBeGreaterThan(-20.5);
  });

  it('leaves pauses out', () => {
    const quiet = measure(humming(3));
    expect(measure(joined(silence(5_000), humming(3), silence(5_000)))).toBeCloseTo(quiet as number, 0);
  });

  it('knows nothing of silence and of less than 400 ms', () => {
    expect(measure(silence(3_000))).toBeUndefined();
    expect(measure(humming(0.39))).toBeUndefined();
    expect(measure(new Int16Array())).toBeUndefined();
  });

  it('has a first idea from 200 ms on', () => {
    const meter = new LoudnessMeter();
    meter.push(Float32Array.from(sine(0.19, 0.1), (sample) => sample / 32_768));
    expect(meter.early()).toBeUndefined();
    meter.push(Float32Array.from(sine(0.1, 0.1), (sample) => sample / 32_768));
    expect(meter.integrated()).toBeUndefined();
    expect(meter.early()).toBeCloseTo(-23, 0);
  });

  it('says the same however the stream is cut', () => {
    const voice = Float32Array.from(humming(2), (sample) => sample / 32_768);
    const meter = new LoudnessMeter();
    for (let at = 0; at < voice.length; at += 997) meter.push(voice.subarray(at, at + 997));
    expect(meter.integrated()).toBe(measure(humming(2)));
  });
});

describe('LoudnessMemory', () => {
  it('does not know a new voice', () => {
    expect(new LoudnessMemory().expected('piper/siwis')).toBeUndefined();
  });

  it('expects the mean of the sentences heard, outliers left out', () => {
    const memory = new LoudnessMemory();
    for (const lufs of [-23, -24, -22, -23, -40, -23, -5, -23]) memory.learn('a', lufs);
    expect(memory.expected('a')).toBeCloseTo(-23, 1);
    expect(memory.expected('b')).toBeUndefined();
  });

  it('follows a voice that has changed', () => {
    const memory = new LoudnessMemory();
    for (let index = 0; index < 16; index += 1) memory.learn('a', -30);
    for (let index = 0; index < 16; index += 1) memory.learn('a', -20);
    expect(memory.expected('a')).toBe(-20);
  });

  it('takes a hint only until a whole sentence is known', () => {
    const memory = new LoudnessMemory();
    memory.hint('a', -30);
    expect(memory.expected('a')).toBe(-30);
    memory.learn('a', -20);
    memory.hint('a', -30);
    expect(memory.expected('a')).toBe(-20);
  });

  it('passes over what is no number', () => {
    const memory = new LoudnessMemory();
    for (const value of [Number.NaN, -Infinity]) {
      memory.learn('a', value);
      memory.hint('a', value);
    }
    expect(memory.expected('a')).toBeUndefined();
  });

  it('forgets the voice not heard for longest when there are too many', () => {
    const memory = new LoudnessMemory();
    for (let index = 0; index < 300; index += 1) {
      memory.learn(`voice ${index}`, -20);
      memory.learn('always', -18);
    }
    expect(memory.expected('voice 0')).toBeUndefined();
    expect(memory.expected('voice 299')).toBe(-20);
    expect(memory.expected('always')).toBe(-18);
  });
});
