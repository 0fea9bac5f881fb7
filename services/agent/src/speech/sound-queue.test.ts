import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SoundQueue, type SoundFrame } from './sound-queue.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Reads along; `frames` fills as time goes by. */
function reading(queue: SoundQueue, signal: AbortSignal = new AbortController().signal) {
  const frames: SoundFrame[] = [];
  const done = (async () => {
    for await (const frame of queue.read(signal)) frames.push(frame);
  })();
  return { frames, done };
}

const seconds = (count: number) => Buffer.alloc(count * 48_000, 1);

test('frames go out two seconds ahead of their hearing, and then at its pace', async () => {
  const queue = new SoundQueue(() => {});
  queue.push(seconds(10));
  const { frames } = reading(queue);
  await vi.advanceTimersByTimeAsync(0);
  expect(frames.length / 50).toBeCloseTo(2, 1);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(frames.length / 50).toBeCloseTo(5, 1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(frames).toHaveLength(500);
});

test('a long sentence that is heard bridges the wait for the next: frames never stop for longer than that wait', async () => {
  const queue = new SoundQueue(() => {});
  queue.push(seconds(15));
  const { frames } = reading(queue);
  await vi.advanceTimersByTimeAsync(14_500);
  const before = frames.length;
  queue.push(seconds(1));
  await vi.advanceTimersByTimeAsync(0);
  expect(before).toBe(750);
  expect(frames.length).toBeGreaterThan(before);
});

test('more than twenty seconds are not taken in; there is room again when twelve wait', async () => {
  const rooms: boolean[] = [];
  const queue = new SoundQueue((hasRoom) => rooms.push(hasRoom));
  queue.push(seconds(19));
  expect(rooms).toEqual([]);
  queue.push(seconds(1));
  expect(rooms).toEqual([false]);
  const { frames } = reading(queue);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(rooms).toEqual([false]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(rooms).toEqual([false, true]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(frames).toHaveLength(1_000);
});

test('all that has come is read after the end, then nothing more', async () => {
  const queue = new SoundQueue(() => {});
  queue.mark('Un.');
  queue.push(seconds(1));
  queue.push(Buffer.alloc(101));
  queue.end();
  const { frames, done } = reading(queue);
  await vi.advanceTimersByTimeAsync(5_000);
  await done;
  expect(frames.reduce((sum, { samples }) => sum + samples.length, 0)).toBe(24_050);
  expect(frames.flatMap(({ marks }) => marks)).toEqual([{ text: 'Un.', startS: 0 }]);
});

test('an abort ends the reading at once, whether it waits for sound or for time', async () => {
  for (const sound of [0, 10]) {
    const queue = new SoundQueue(() => {});
    queue.push(seconds(sound));
    const abort = new AbortController();
    const { frames, done } = reading(queue, abort.signal);
    await vi.advanceTimersByTimeAsync(0);
    const before = frames.length;
    abort.abort();
    await done;
    expect(frames).toHaveLength(before);
  }
});

test('it knows until when there is something to hear', async () => {
  const queue = new SoundQueue(() => {});
  expect(queue.heardUntilMs).toBe(0);
  queue.push(seconds(3));
  const from = performance.now();
  reading(queue);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(queue.heardUntilMs - from).toBeCloseTo(3_000, -2);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(queue.heardUntilMs - from).toBeCloseTo(3_000, -2);
});
