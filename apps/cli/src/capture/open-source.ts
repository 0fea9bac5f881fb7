import type { SourceId } from '../recorder/recording.ts';
import { CapturedDevice } from './captured-device.ts';
import { NativeDevice } from './native-device.ts';
import { captureProblem, type UserLanguage } from './problems.ts';
import { PulseDevice } from './pulse-device.ts';
import type { AudioSource } from './source.ts';

export interface SourceOptions {
  readonly id: SourceId;
  readonly device?: string | undefined;
  readonly language: UserLanguage;
}

/** The source of this machine. @throws AppError on a system that has none */
export function sourceOfThisMachine(options: SourceOptions, platform: string = process.platform): AudioSource {
  switch (platform) {
    case 'linux':
    case 'freebsd':
      return new CapturedDevice(options.id, new PulseDevice(options));
    case 'win32':
    case 'darwin':
      return new CapturedDevice(options.id, new NativeDevice(options));
    default:
      throw captureProblem('unsupported_platform', options.language, platform);
  }
}
