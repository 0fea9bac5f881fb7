import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CapturedDevice } from './captured-device.ts';
import {
  NativeDevice,
  type NativeAudioModule,
  type NativeMetadata,
  type NativePermission,
  type NativeRecorder,
  type NativeRecorderOptions,
} from './native-device.ts';
import { conformanceOf, type ConformanceRig } from '../test-support/source-conformance.ts';

/**
 * What native-audio-node 0.3.5 does, after its `dist/index.js`: recorders with `start`, `stop` and events, chunks every
 * `chunkDurationMs`. `background`: what the device gives when nothing plays (WASAPI: nothing at all).
 */
class FakeSystem {
  readonly recorders: FakeRecorder[] = [];
  permission: NativePermission = 'authorized';
  granted = true;
  present = true;
  metadata: NativeMetadata = { sampleRate: 16_000, channelsPerFrame: 1, bitsPerChannel: 16, isFloat: false };

  get module(): NativeAudioModule {
    const Recorder = recorderOf(this);
    return {
      SystemAudioRecorder: Recorder,
      MicrophoneRecorder: Recorder,
      listAudioDevices: () => [
        { id: 'out', name: 'Speakers', isDefault: true, isInput: false, isOutput: true },
        { id: 'mic', name: 'Built-in', isDefault: true, isInput: true, isOutput: false },
        { id: 'usb', name: 'Podium', isDefault: false, isInput: true, isOutput: false },
      ],
      getSystemAudioPermissionStatus: (): NativePermission => this.permission,
      getMicrophonePermissionStatus: (): NativePermission => this.permission,
      requestSystemAudioPermission: () => Promise.resolve(this.granted),
      requestMicrophonePermission: () => Promise.resolve(this.granted),
    };
  }

  async play(pcm: Int16Array): Promise<void> {
    for (let at = 0; at < pcm.length; at += 320) {
      this.recorders.at(-1)?.give(pcm.subarray(at, at + 320));
      await sleep(20);
    }
  }
}

class FakeRecorder extends EventEmitter implements NativeRecorder {
  readonly #system: FakeSystem;
  readonly options: NativeRecorderOptions & { readonly deviceId?: string };
  running = false;

  constructor(system: FakeSystem, options: NativeRecorderOptions & { readonly deviceId?: string }) {
    super();
    this.#system = system;
    this.options = options;
    system.recorders.push(this);
  }

  start(): Promise<void> {
    if (!this.#system.present) return Promise.reject(new Error('AUDCLNT_E_DEVICE_INVALIDATED'));
    this.running = true;
    this.emit('metadata', this.#system.metadata);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.running = false;
    return Promise.resolve();
  }

  give(pcm: Int16Array): void {
    if (!this.running) return;
    const float = this.#system.metadata.isFloat;
    const data = Buffer.alloc(pcm.length * (float ? 4 : 2));
    pcm.forEach((sample, n) => (float ? data.writeFloatLE(sample / 32_768, 4 * n) : data.writeInt16LE(sample, 2 * n)));
    this.emit('data', { data });
  }

  override removeAllListeners(): this {
    return super.removeAllListeners();
  }
}

function recorderOf(system: FakeSystem) {
  return class extends FakeRecorder {
    constructor(options: NativeRecorderOptions & { readonly deviceId?: string }) {
      super(system, options);
    }
  };
}

const withoutModule = (): Promise<never> => Promise.reject(new Error("Cannot find package 'native-audio-node'"));

function rig(id: 'them' | 'me' = 'them'): ConformanceRig & { readonly system: FakeSystem } {
  const system = new FakeSystem();
  const load = () => Promise.resolve(system.module);
  return {
    system,
    source: new CapturedDevice(id, new NativeDevice({ id, language: 'fr', load })),
    play: (pcm) => system.play(pcm),
    unplug: () => {
      system.present = false;
      system.recorders.at(-1)?.emit('error', new Error('AUDCLNT_E_DEVICE_INVALIDATED'));
      return Promise.resolve();
    },
    plugIn: () => {
      system.present = true;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

conformanceOf('native-audio-node', () => Promise.resolve(rig()));

test('when nothing plays and the device gives nothing, silence is put in, and counted apart', async () => {
  const { source } = rig();
  const controller = new AbortController();
  const frames = [];
  for await (const frame of source.open(controller.signal)) {
    frames.push(frame);
    if (frames.length === 40) break;
  }
  expect(frames.every(({ filled, pcm }) => filled && pcm.every((sample) => sample === 0))).toBe(true);
  expect(source.health).toMatchObject({ realFrames: 0 });
  expect(source.health.filledFrames).toBeGreaterThanOrEqual(40);
});

test('samples in floating point become samples of 16 bits', async () => {
  const world = rig();
  world.system.metadata = { ...world.system.metadata, bitsPerChannel: 32, isFloat: true };
  const frames = world.source.open(new AbortController().signal)[Symbol.asyncIterator]();
  const next = frames.next();
  await sleep(0);
  await world.play(new Int16Array(320).fill(16_000));
  const { value } = (await next) as { value: { pcm: Int16Array } };
  expect(Math.abs(value.pcm[100]! - 16_000)).toBeLessThanOrEqual(1);
  await frames.return?.();
});

test('the recorder is asked for 16 kHz mono without invented silence, and for the microphone by name', async () => {
  const system = new FakeSystem();
  const opener = new NativeDevice({
    id: 'me',
    device: 'Podium',
    language: 'fr',
    load: () => Promise.resolve(system.module),
  });
  const device = await opener.open(() => undefined, new AbortController().signal);
  expect(device.label).toBe('Podium');
  expect(system.recorders[0]?.options).toEqual({
    sampleRate: 16_000,
    chunkDurationMs: 20,
    stereo: false,
    emitSilence: false,
    deviceId: 'usb',
  });
  await device.close();
  expect(system.recorders[0]?.running).toBe(false);
});

const FAULTS: readonly (readonly [string, (system: FakeSystem) => void, RegExp])[] = [
  ['a denied permission', (system: FakeSystem) => void (system.permission = 'denied'), /Réglages Système/],
  ['a device that does not open', (system: FakeSystem) => void (system.present = false), /HFP/],
  [
    'a rate nobody asked for',
    (system: FakeSystem) => void (system.metadata = { ...system.metadata, sampleRate: 48_000 }),
    /48000/,
  ],
];

test.for(FAULTS)('%s: the error says how to mend it', async ([, spoil, message]) => {
  const { source, system } = rig();
  spoil(system);
  const controller = new AbortController();
  const first = source.open(controller.signal)[Symbol.asyncIterator]().next();
  const outcome = first.then(
    () => source.health.problem,
    (error: unknown) => String(error),
  );
  const seen = await Promise.race([outcome, until(() => source.health.problem)]);
  controller.abort();
  expect(seen).toMatch(message);
});

test('without the module the error says how to install it', async () => {
  const source = new CapturedDevice('them', new NativeDevice({ id: 'them', language: 'en', load: withoutModule }));
  const first = source.open(new AbortController().signal)[Symbol.asyncIterator]().next();
  await expect(first).rejects.toThrow(/npm install native-audio-node/);
});

async function until<T>(read: () => T | null): Promise<T> {
  for (;;) {
    const value = read();
    if (value !== null) return value;
    await sleep(10);
  }
}
