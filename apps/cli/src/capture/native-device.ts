import type { AppError } from '@eloquence/shared/runtime/errors';
import type { SourceId } from '../recorder/recording.ts';
import type { Device, DeviceOpener } from './captured-device.ts';
import { captureProblem, type UserLanguage } from './problems.ts';
import { SAMPLE_RATE_HZ } from './source.ts';

/** What is used of native-audio-node 0.3.5, after its `dist/index.d.ts`; the package installs on macOS and Windows only. */
export interface NativeAudioModule {
  readonly SystemAudioRecorder: new (options: NativeRecorderOptions) => NativeRecorder;
  readonly MicrophoneRecorder: new (options: NativeRecorderOptions & { readonly deviceId?: string }) => NativeRecorder;
  listAudioDevices(): readonly NativeAudioDevice[];
  getSystemAudioPermissionStatus(): NativePermission;
  getMicrophonePermissionStatus(): NativePermission;
  requestSystemAudioPermission(): Promise<boolean>;
  requestMicrophonePermission(): Promise<boolean>;
}

export type NativePermission = 'unknown' | 'denied' | 'authorized';

export interface NativeAudioDevice {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  readonly isInput: boolean;
  readonly isOutput: boolean;
}

export interface NativeRecorderOptions {
  readonly sampleRate?: number;
  readonly chunkDurationMs?: number;
  readonly stereo?: boolean;
  readonly emitSilence?: boolean;
}

export interface NativeMetadata {
  readonly sampleRate: number;
  readonly channelsPerFrame: number;
  readonly bitsPerChannel: number;
  readonly isFloat: boolean;
}

export interface NativeRecorder {
  on(event: 'data', listener: (chunk: { readonly data: Buffer }) => void): unknown;
  on(event: 'metadata', listener: (metadata: NativeMetadata) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'stop', listener: () => void): unknown;
  removeAllListeners(): unknown;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface NativeDeviceOptions {
  readonly id: SourceId;
  /** Id or name of a microphone; the machine's sound is always that of the default output. */
  readonly device?: string | undefined;
  readonly language: UserLanguage;
  /** Tests: a module of the same shape. */
  readonly load?: () => Promise<NativeAudioModule>;
}

/** Windows (WASAPI loopback) and macOS 14.2 or later (Core Audio tap), by native-audio-node. */
export class NativeDevice implements DeviceOpener {
  readonly #options: NativeDeviceOptions;
  /** WASAPI gives nothing while nothing plays: that is silence, however long. */
  readonly stalledAfterMs = Infinity;
  readonly fills = true;

  constructor(options: NativeDeviceOptions) {
    this.#options = options;
  }

  playing(): Promise<boolean | null> {
    return Promise.resolve(null);
  }

  async open(onBytes: (bytes: Buffer) => void, signal: AbortSignal): Promise<Device> {
    const { id, language } = this.#options;
    const native = await this.#load();
    await this.#permit(native);
    signal.throwIfAborted();
    const microphone = id === 'me' ? this.#microphone(native) : undefined;
    const options = { sampleRate: SAMPLE_RATE_HZ, chunkDurationMs: 20, stereo: false, emitSilence: false };
    const recorder =
      id === 'them'
        ? new native.SystemAudioRecorder(options)
        : new native.MicrophoneRecorder({ ...options, ...(microphone && { deviceId: microphone.id }) });
    let convert = asIs;
    const gone = Promise.withResolvers<AppError | null>();
    recorder.on('metadata', (metadata) => {
      const found = converterFor(metadata);
      if (found) convert = found;
      else
        gone.resolve(
          captureProblem('device_failed', language, `${metadata.sampleRate} Hz × ${metadata.channelsPerFrame}`),
        );
    });
    recorder.on('data', ({ data }) => onBytes(convert(data)));
    recorder.on('error', (error) => gone.resolve(captureProblem('device_failed', language, error.message)));
    recorder.on('stop', () => gone.resolve(captureProblem('device_gone', language, id)));
    const close = async (): Promise<void> => {
      recorder.removeAllListeners();
      gone.resolve(null);
      await recorder.stop();
    };
    try {
      await recorder.start();
    } catch (error) {
      await close();
      throw captureProblem('device_failed', language, error instanceof Error ? error.message : '');
    }
    const output = native.listAudioDevices().find(({ isOutput, isDefault }) => isOutput && isDefault);
    return { label: (id === 'them' ? output?.name : microphone?.name) ?? id, gone: gone.promise, close };
  }

  async #load(): Promise<NativeAudioModule> {
    // Optional: npm installs it only where it runs, and types come with it.
    const name: string = 'native-audio-node';
    try {
      return await (this.#options.load?.() ?? (import(name) as Promise<NativeAudioModule>));
    } catch (error) {
      const said = error instanceof Error ? error.message.split('\n')[0] : '';
      throw captureProblem('module_missing', this.#options.language, said);
    }
  }

  async #permit(native: NativeAudioModule): Promise<void> {
    const { id, language } = this.#options;
    const status = id === 'them' ? native.getSystemAudioPermissionStatus() : native.getMicrophonePermissionStatus();
    if (status === 'authorized') return;
    const granted =
      status !== 'denied' &&
      (await (id === 'them' ? native.requestSystemAudioPermission() : native.requestMicrophonePermission()));
    // Unknown and not granted is no denial: macOS has no dialog for system audio. Silence is watched for.
    if (!granted && status === 'denied')
      throw captureProblem(id === 'them' ? 'system_audio_denied' : 'microphone_denied', language);
  }

  #microphone(native: NativeAudioModule): NativeAudioDevice | undefined {
    const { device, language } = this.#options;
    const inputs = native.listAudioDevices().filter(({ isInput }) => isInput);
    if (device === undefined) return inputs.find(({ isDefault }) => isDefault);
    const found = inputs.find(({ id, name }) => id === device || name === device);
    if (!found) throw captureProblem('no_such_device', language, device);
    return found;
  }
}

/** From what the recorder says it gives to samples of 16 bits; undefined: another rate or more channels than were asked for. */
function converterFor({
  sampleRate,
  channelsPerFrame,
  bitsPerChannel,
  isFloat,
}: NativeMetadata): ((data: Buffer) => Buffer) | undefined {
  if (sampleRate !== SAMPLE_RATE_HZ || channelsPerFrame !== 1) return undefined;
  if (!isFloat && bitsPerChannel === 16) return asIs;
  if (!isFloat || bitsPerChannel !== 32) return undefined;
  return (data) => {
    const samples = Buffer.alloc(data.length / 2);
    for (let n = 0; n < data.length / 4; n += 1) {
      const value = Math.max(-1, Math.min(1, data.readFloatLE(4 * n)));
      samples.writeInt16LE(Math.round(value * 32_767), 2 * n);
    }
    return samples;
  };
}

function asIs(data: Buffer): Buffer {
  return data;
}
