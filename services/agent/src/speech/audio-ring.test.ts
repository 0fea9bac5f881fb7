import { expect, test } from 'vitest';
import { AudioRing } from './audio-ring.ts';

const frame = (samples: number, value = 0) => Buffer.alloc(samples * 2, value);

test('what is not acknowledged is held, with the place of its first sample', () => {
  const ring = new AudioRing(1_000);
  ring.push(frame(100, 1));
  ring.push(frame(100, 2));
  ring.acknowledge(100);
  expect(ring.held()).toEqual({ start: 100, pieces: [frame(100, 2)] });
});

test('of a frame that is only half acknowledged the rest is held', () => {
  const ring = new AudioRing(1_000);
  ring.push(Buffer.concat([frame(50, 1), frame(50, 2)]));
  ring.acknowledge(50);
  expect(ring.held()).toEqual({ start: 50, pieces: [frame(50, 2)] });
});

test('over its bound it drops the oldest and counts what it dropped', () => {
  const ring = new AudioRing(250);
  for (let index = 0; index < 4; index += 1) ring.push(frame(100, index));
  expect(ring.held().start).toBe(200);
  expect(ring.droppedSamples).toBe(200);
  expect(ring.end).toBe(400);
});

test('an empty ring begins where the stream is', () => {
  const ring = new AudioRing(250);
  ring.push(frame(100));
  ring.acknowledge(1_000);
  expect(ring.held()).toEqual({ start: 100, pieces: [] });
});
