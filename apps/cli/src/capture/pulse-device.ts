import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { AppError } from '@eloquence/shared/runtime/errors';
import type { SourceId } from '../recorder/recording.ts';
import type { Device, DeviceOpener } from './captured-device.ts';
import { lastLine, Pactl } from './pactl.ts';
import { captureProblem, type UserLanguage } from './problems.ts';
import { SAMPLE_RATE_HZ } from './source.ts';

const FOLLOW_MS = 2_000;
const KILL_AFTER_MS = 1_000;
/** Without it PulseAudio hands sound over every two seconds. */
const LATENCY_MS = 20;

export interface PulseDeviceOptions {
  readonly id: SourceId;
  /** Name of a source or sink; default: the default sink's monitor for `them`, the default source for `me`, also when it changes. */
  readonly device?: string | undefined;
  readonly language: UserLanguage;
  readonly parec?: string;
}

/** PulseAudio, and PipeWire through its PulseAudio server: `parec` brings the samples. */
export class PulseDevice implements DeviceOpener {
  readonly #options: PulseDeviceOptions;
  readonly #pactl: Pactl;
  #sink: string | undefined;
  /** A sink's monitor gives silence by itself; a server that gives nothing at all hangs. */
  readonly stalledAfterMs = 5_000;
  readonly fills = false;

  constructor(options: PulseDeviceOptions) {
    this.#options = options;
    this.#pactl = new Pactl(options.language);
  }

  async playing(signal: AbortSignal): Promise<boolean | null> {
    if (this.#sink === undefined) return null;
    return this.#pactl.plays(this.#sink, signal).catch(() => null);
  }

  async open(onBytes: (bytes: Buffer) => void, signal: AbortSignal): Promise<Device> {
    const name = await this.#wanted(signal);
    const source = (await this.#pactl.sources(signal)).find(
      (each) => each.name === name || each.name === `${name}.monitor`,
    );
    if (!source) throw captureProblem('no_such_device', this.#options.language, name);
    this.#sink = source.name.endsWith('.monitor') ? source.name.slice(0, -'.monitor'.length) : undefined;
    const child = spawn(
      this.#options.parec ?? 'parec',
      [
        `--device=${source.name}`,
        '--raw',
        '--format=s16le',
        `--rate=${SAMPLE_RATE_HZ}`,
        '--channels=1',
        `--latency-msec=${LATENCY_MS}`,
        '--client-name=eloquence',
        `--stream-name=${this.#options.id}`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
    child.stdout.on('data', onBytes);
    const closing = new AbortController();
    const gone = this.#gone(child, name, closing.signal, () => complaint);
    await Promise.race([
      once(child.stdout, 'data', { signal: AbortSignal.any([signal, closing.signal]) }),
      failing(gone),
    ]).catch(async (error: unknown) => {
      closing.abort();
      await end(child);
      throw error;
    });
    const close = async (): Promise<void> => {
      closing.abort();
      child.stdout.off('data', onBytes);
      await end(child);
    };
    return { label: source.description || source.name, gone, close };
  }

  async #wanted(signal: AbortSignal): Promise<string> {
    const { device, id } = this.#options;
    return device ?? this.#pactl.defaultName(id === 'them' ? 'sink' : 'source', signal);
  }

  /** Why there is no more sound from this `parec`: it ended, or the default device is another one now. */
  #gone(child: ChildProcess, name: string, closing: AbortSignal, complaint: () => string): Promise<AppError | null> {
    const { language } = this.#options;
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        if (this.#options.device !== undefined) return;
        this.#wanted(closing).then(
          (now) => now !== name && resolve(captureProblem('device_gone', language, `${name} → ${now}`)),
          () => undefined,
        );
      }, FOLLOW_MS);
      const settle = (outcome: AppError | null): void => {
        clearInterval(timer);
        resolve(outcome);
      };
      closing.addEventListener('abort', () => settle(null), { once: true });
      child.once('error', (error: NodeJS.ErrnoException) =>
        settle(captureProblem(error.code === 'ENOENT' ? 'parec_missing' : 'device_failed', language, error.message)),
      );
      child.once('exit', (code) =>
        settle(captureProblem('device_gone', language, lastLine(complaint()) || `parec ${code ?? ''}`.trim())),
      );
    });
  }
}

/** Rejects when the device is gone before its first sound. */
async function failing(gone: Promise<AppError | null>): Promise<never> {
  throw (await gone) ?? new DOMException('closed', 'AbortError');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  await exited;
  clearTimeout(timer);
}
