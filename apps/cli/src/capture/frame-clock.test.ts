import { expect, test } from 'vitest';
import { FrameClock } from './frame-clock.ts';
import { FRAME_SAMPLES, type Frame } from './source.ts';

/** A clock to turn by hand, and what came out of the frame clock. */
function rig(stalledAfterMs = 5_000, fills = true) {
  let nowMs = 1_000_000;
  const clock = new FrameClock({ now: () => nowMs, fills, stalledAfterMs });
  const frames: Frame[] = [];
  let stalled = false;
  const keep = (out: Frame[] | 'stalled'): void => {
    if (out === 'stalled') stalled = true;
    else frames.push(...out);
  };
  return {
    clock,
    frames,
    get nowMs() {
      return nowMs;
    },
    get stalled() {
      return stalled;
    },
    pass: (ms: number) => (nowMs += ms),
    give: (count: number, value = 1) => keep(clock.push(bytes(count, value))),
    tick: () => keep(clock.tick()),
  };
}

function bytes(frames: number, value: number): Buffer {
  const pcm = new Int16Array(frames * FRAME_SAMPLES).fill(value);
  return Buffer.from(pcm.buffer);
}

test('chunks of any size become frames without a gap, stamped with when they sounded', () => {
  const world = rig();
  const whole = bytes(5, 7);
  for (let at = 0; at < whole.length; at += 333) {
    world.pass(5);
    world.frames.push(...world.clock.push(whole.subarray(at, at + 333)));
  }
  expect(world.frames).toHaveLength(5);
  expect(world.frames.every(({ pcm }) => pcm.every((sample) => sample === 7))).toBe(true);
  expect(world.frames.map(({ atMs }) => atMs - world.frames[0]!.atMs)).toEqual([0, 20, 40, 60, 80]);
});

test('a device that gives nothing is filled with silence that says so', () => {
  const world = rig(Infinity);
  world.give(1);
  for (let n = 0; n < 100; n += 1) {
    world.pass(100);
    world.tick();
  }
  expect(world.stalled).toBe(false);
  const filled = world.frames.filter((frame) => frame.filled);
  expect(filled.length).toBeGreaterThan(485);
  expect(filled.length).toBeLessThanOrEqual(500);
  world.pass(20);
  world.give(1, 9);
  expect(world.frames.at(-1)).toMatchObject({ filled: false });
});

test('a busy moment of this process fills nothing: the sound was waiting behind the timer', () => {
  const world = rig();
  world.give(1);
  world.tick();
  world.pass(900);
  world.give(45);
  world.tick();
  world.pass(100);
  world.give(5);
  world.tick();
  expect(world.frames.filter(({ filled }) => filled)).toEqual([]);
  expect(world.frames).toHaveLength(51);
});

test('a device that is only late is not filled: its words stay whole', () => {
  const world = rig(5_000, false);
  world.give(1);
  for (let n = 0; n < 15; n += 1) {
    world.pass(100);
    world.tick();
  }
  world.give(75);
  expect(world.frames).toHaveLength(76);
  const steps = world.frames.slice(1).map(({ atMs }, n) => atMs - world.frames[n]!.atMs);
  expect(new Set(steps)).toEqual(new Set([20]));
});

test('a device that hangs for longer than silence may stand in for it is stalled', () => {
  const world = rig(5_000);
  world.give(1);
  for (let n = 0; n < 60; n += 1) {
    world.pass(100);
    world.tick();
  }
  expect(world.stalled).toBe(true);
  expect(world.frames.length * 20).toBeLessThanOrEqual(5_100);
});

test.for([1.003, 0.997])('over ten minutes times stay true when the card runs at %d of our speed', (speed) => {
  const world = rig();
  let given = 0;
  for (let ms = 0; ms < 600_000; ms += 20) {
    world.pass(20);
    const due = Math.floor((ms * speed) / 20) - given;
    if (due > 0) world.give(due);
    given += Math.max(0, due);
  }
  const last = world.frames.at(-1)!;
  expect(Math.abs(world.nowMs - last.atMs)).toBeLessThan(200);
});

test('after the machine slept, times go on with the clock', () => {
  const world = rig();
  world.give(10);
  world.pass(3_600_000);
  world.give(5);
  expect(world.frames.at(-1)!.atMs).toBe(world.nowMs - 20);
});
