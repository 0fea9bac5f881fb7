import { expect, test } from 'vitest';
import { waitFor } from '@eloquence/testkit/wait-for';
import { FRAME_MS, FRAME_SAMPLES, type AudioSource, type Frame } from '../capture/source.ts';

/** A source under test and the world around it. */
export interface ConformanceRig extends AsyncDisposable {
  readonly source: AudioSource;
  /** Makes the device hear samples for about so long; resolves when they were heard. */
  play(pcm: Int16Array): Promise<void>;
  /** Takes the device away, as pulling the plug does. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
}

/** What every adapter owes the recorder. */
export function conformanceOf(name: string, rig: () => Promise<ConformanceRig>): void {
  test(`${name}: frames are 20 ms long, in order, one after the other, and stamped by the clock`, async () => {
    await using world = await rig();
    using listening = listen(world.source);
    await world.play(tone(1_000));
    const frames = await listening.frames(60);
    for (const { pcm } of frames) expect(pcm).toHaveLength(FRAME_SAMPLES);
    const steps = frames.slice(1).map(({ atMs }, index) => atMs - frames[index]!.atMs);
    expect(steps.every((step) => Math.abs(step - FRAME_MS) < 1)).toBe(true);
    const lateMs = Date.now() - listening.all.at(-1)!.atMs;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(600);
    expect(world.source.describe()).not.toBe('');
  });

  test(`${name}: what is played is heard, and counted as real`, async () => {
    await using world = await rig();
    using listening = listen(world.source);
    await listening.frames(5);
    await world.play(tone(800));
    await waitFor(() => listening.all.filter(isLoud).length >= 30, { what: 'the tone' });
    expect(listening.all.filter(isLoud).every(({ filled }) => !filled)).toBe(true);
    expect(world.source.health).toMatchObject({ state: 'capturing', problem: null, droppedFrames: 0 });
    expect(world.source.health.realFrames).toBeGreaterThanOrEqual(30);
  });

  test(`${name}: a device that goes away is opened again, its absence is in the times, and nothing is put in for it`, async () => {
    await using world = await rig();
    using listening = listen(world.source);
    await world.play(tone(300));
    await listening.frames(10);
    await world.unplug();
    await waitFor(() => world.source.health.state === 'away', { what: 'noticing', timeoutMs: 10_000 });
    expect(world.source.health.problem).not.toBeNull();
    const before = listening.all.at(-1)!.atMs;
    const filled = world.source.health.filledFrames;
    await world.plugIn();
    await waitFor(() => world.source.health.reopened === 1, { what: 'opening again', timeoutMs: 10_000 });
    await world.play(tone(500));
    await waitFor(() => listening.all.some((frame) => frame.atMs > before && isLoud(frame)), { what: 'sound again' });
    const first = listening.all.find(({ atMs }) => atMs > before)!;
    expect(first.atMs - before).toBeGreaterThan(2 * FRAME_MS);
    expect(filled).toBeLessThan(100);
  });

  test(`${name}: an aborted source ends and lets go of the device`, async () => {
    await using world = await rig();
    const listening = listen(world.source);
    await world.play(tone(200));
    await listening.frames(3);
    listening[Symbol.dispose]();
    await listening.ended;
    expect(world.source.health.state).toBe('closed');
  });
}

interface Listening extends Disposable {
  readonly all: readonly Frame[];
  readonly ended: Promise<void>;
  /** The first frames, once there are so many. */
  frames(count: number): Promise<readonly Frame[]>;
}

function listen(source: AudioSource): Listening {
  const controller = new AbortController();
  const all: Frame[] = [];
  let failure: unknown;
  const ended = (async () => {
    for await (const frame of source.open(controller.signal)) all.push(frame);
  })().catch((error: unknown) => {
    failure = error;
  });
  return {
    all,
    ended,
    frames: (count) =>
      waitFor(
        () => {
          if (failure !== undefined) throw failure;
          return all.length >= count && all.slice(0, count);
        },
        { what: `${count} frames`, timeoutMs: 8_000 },
      ),
    [Symbol.dispose]: () => controller.abort(),
  };
}

function isLoud({ pcm }: Frame): boolean {
  return pcm.some((sample) => Math.abs(sample) > 3_000);
}

function tone(durationMs: number): Int16Array {
  return Int16Array.from({ length: 16 * durationMs }, (_, n) =>
    Math.round(10_000 * Math.sin((2 * Math.PI * 440 * n) / 16_000)),
  );
}
