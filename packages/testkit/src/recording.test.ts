import { expect, test } from 'vitest';
import { Recording } from './recording.ts';
import { toSamples } from './waveform.ts';

const frame = (amplitude: number) =>
  Int16Array.from({ length: 160 }, (_, index) => Math.round(amplitude * Math.sin(index)));

test('a stalled reader that gets its frames in a burst shifts nothing on the time line', () => {
  const recording = new Recording();
  const voice = recording.voice();
  // Sound from 1200 ms to 1500 ms; deliveries stall between 1100 ms and 1350 ms.
  for (let atMs = 1000; atMs < 2000; atMs += 10) {
    const deliveredMs = atMs >= 1100 && atMs < 1350 ? 1350 : atMs;
    voice.add(frame(atMs >= 1200 && atMs < 1500 ? 8000 : 0), deliveredMs);
  }
  const [segment] = recording.segments();
  expect(Math.abs((segment?.fromMs ?? 0) - 1200)).toBeLessThanOrEqual(20);
  expect(Math.abs((segment?.toMs ?? 0) - 1500)).toBeLessThanOrEqual(20);
});

test('the first frames coming late are put right by a later, punctual one', () => {
  const recording = new Recording();
  const voice = recording.voice();
  for (let atMs = 0; atMs < 1000; atMs += 10) voice.add(frame(atMs >= 500 ? 8000 : 0), Math.max(atMs, 200));
  expect(Math.abs((recording.segments()[0]?.fromMs ?? 0) - 500)).toBeLessThanOrEqual(20);
});

test('a hole of seconds stays a hole', () => {
  const recording = new Recording();
  const voice = recording.voice();
  for (let atMs = 0; atMs < 300; atMs += 10) voice.add(frame(8000), atMs);
  for (let atMs = 3000; atMs < 3300; atMs += 10) voice.add(frame(8000), atMs);
  expect(recording.segments().map((segment) => Math.round(segment.fromMs / 20) * 20)).toEqual([0, 3000]);
  expect(recording.toPcm()).toHaveLength(toSamples(3300));
});

test('two voices are mixed, not put one after the other', () => {
  const recording = new Recording();
  const [one, two] = [recording.voice(), recording.voice()];
  for (let atMs = 0; atMs < 100; atMs += 10) {
    one.add(frame(1000), atMs);
    two.add(frame(1000), atMs);
  }
  expect(recording.toPcm()).toEqual(
    Int16Array.from({ length: 1600 }, (_, index) => 2 * (frame(1000)[index % 160] ?? 0)),
  );
});

test('waiting for sound and for silence ends at the deadline with what was waited for', async () => {
  const recording = new Recording();
  await expect(recording.waitForSound(0, { timeoutMs: 30 })).rejects.toThrow('audible');
  const voice = recording.voice();
  for (const atMs of [0, 10, 20, 30]) voice.add(frame(8000), atMs);
  expect(await recording.waitForSound(-1, { timeoutMs: 30 })).toBeLessThanOrEqual(30);
  await expect(recording.waitForSilence(700, () => 100, { timeoutMs: 30 })).rejects.toThrow('silence of 700 ms');
  await recording.waitForSilence(700, () => 800, { timeoutMs: 30 });
});
