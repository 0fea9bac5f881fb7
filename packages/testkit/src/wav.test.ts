import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resample } from './resample.ts';
import { parseWav, readWav, writeWav } from './wav.ts';
import { levelDb } from './waveform.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eloquence-wav-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sine = (hz: number, rateHz: number, length: number) =>
  Int16Array.from({ length }, (_, index) => Math.round(10_000 * Math.sin((2 * Math.PI * hz * index) / rateHz)));

test('a mono file is read back sample by sample', () => {
  const pcm = sine(440, 16_000, 1600);
  writeWav(join(folder, 'mono.wav'), [pcm]);
  expect(readWav(join(folder, 'mono.wav'))).toEqual(pcm);
});

test('two channels are interleaved and mixed when read', () => {
  writeWav(join(folder, 'stereo.wav'), [Int16Array.of(100, 200, 300), Int16Array.of(300)]);
  expect(readWav(join(folder, 'stereo.wav'))).toEqual(Int16Array.of(200, 100, 150));
});

test('a tone keeps its frequency and level at another rate, and what does not fit is filtered out', () => {
  const low = resample(sine(1000, 22_050, 22_050), 22_050, 16_000);
  const expected = sine(1000, 16_000, 16_000);
  const difference = low.slice(1000, 15_000).map((sample, index) => sample - (expected[index + 1000] ?? 0));
  expect(levelDb(difference)).toBeLessThan(levelDb(expected) - 40);
  const high = resample(sine(10_000, 22_050, 22_050), 22_050, 16_000);
  expect(levelDb(high.slice(1000, 15_000))).toBeLessThan(-60);
});

test('what is not a WAV file is refused by name', () => {
  expect(() => parseWav(Buffer.from('ID3'), 'song.mp3')).toThrow('song.mp3 is not a WAV file');
});
