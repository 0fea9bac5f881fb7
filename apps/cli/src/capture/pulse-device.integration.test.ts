import { PulseServer } from '@eloquence/testkit/pulse-server';
import { afterEach, expect, test, vi } from 'vitest';
import { CapturedDevice } from './captured-device.ts';
import { PulseDevice, type PulseDeviceOptions } from './pulse-device.ts';
import { conformanceOf, type ConformanceRig } from '../test-support/source-conformance.ts';

afterEach(() => vi.unstubAllEnvs());

async function rig(
  options: Partial<PulseDeviceOptions> = {},
): Promise<ConformanceRig & { readonly server: PulseServer }> {
  const server = await PulseServer.start();
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
  const source = new CapturedDevice('them', new PulseDevice({ id: 'them', language: 'fr', ...options }));
  return {
    server,
    source,
    play: (pcm) => server.play(pcm),
    unplug: () => server.kill(),
    plugIn: () => server.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

conformanceOf('PulseAudio', rig);

test('a program that plays is seen, one that does not is not', async () => {
  await using world = await rig();
  const controller = new AbortController();
  const frames = world.source.open(controller.signal)[Symbol.asyncIterator]();
  await frames.next();
  expect(await world.source.playing(controller.signal)).toBe(false);
  const stop = new AbortController();
  const playing = world.server.play(new Int16Array(16 * 20_000), 'meet', stop.signal).catch(() => undefined);
  await vi.waitFor(async () => expect(await world.source.playing(controller.signal)).toBe(true), { timeout: 5_000 });
  stop.abort();
  await playing;
  controller.abort();
  await frames.return?.();
});

test('the sound follows the default device', async () => {
  await using world = await rig();
  const controller = new AbortController();
  const loud = (async () => {
    for await (const { pcm } of world.source.open(controller.signal))
      if (pcm.some((sample) => sample > 3_000)) return true;
    return false;
  })();
  await vi.waitFor(() => expect(world.source.health.realFrames).toBeGreaterThan(0), { timeout: 5_000 });
  await world.server.pactl('set-default-sink', 'voice');
  await vi.waitFor(() => expect(world.source.health.reopened).toBe(1), { timeout: 8_000 });
  await world.server.play(new Int16Array(16_000).fill(8_000), 'voice');
  expect(await loud).toBe(true);
  controller.abort();
});

test.for([
  ['a device that does not exist', { device: 'no-such-sink' }, /no-such-sink.*pactl list short sources/],
  ['a machine without parec', { parec: '/nowhere/parec' }, /apt install pulseaudio-utils/],
] as const)('%s: the error says how to mend it', async ([, options, message]) => {
  await using world = await rig(options);
  const first = world.source.open(new AbortController().signal)[Symbol.asyncIterator]().next();
  await expect(first).rejects.toThrow(message);
});

test('no sound server: the error says how to start one', async () => {
  vi.stubEnv('PULSE_SERVER', 'unix:/nowhere/native');
  const source = new CapturedDevice('me', new PulseDevice({ id: 'me', language: 'en' }));
  const first = source.open(new AbortController().signal)[Symbol.asyncIterator]().next();
  await expect(first).rejects.toThrow(/No sound server .*systemctl --user start pipewire-pulse/);
});
