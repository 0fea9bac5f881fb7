import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, ManagedProcess } from './processes.ts';

const run = promisify(execFile);

/**
 * A private PulseAudio without sound card: a sink `meet`, into which "the machine's sound" is played, and a sink `voice` whose
 * monitor is the default source, so that what is played into it is what the microphone hears.
 */
export class PulseServer implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'eloquence-pulse-'));
  #process: ManagedProcess | undefined;

  static async start(): Promise<PulseServer> {
    const server = new PulseServer();
    await server.start();
    return server;
  }

  /** Starts it, or starts it again. */
  async start(): Promise<void> {
    this.#process = new ManagedProcess({
      name: 'pulseaudio',
      command: findProgram('pulseaudio'),
      args: [
        '-n',
        '--daemonize=no',
        '--use-pid-file=no',
        '--exit-idle-time=-1',
        '--disable-shm=yes',
        `--load=module-native-protocol-unix socket=${this.#socket} auth-anonymous=1`,
        '--load=module-null-sink sink_name=meet',
        '--load=module-null-sink sink_name=voice',
      ],
      env: { HOME: this.#folder, XDG_RUNTIME_DIR: this.#folder, PULSE_RUNTIME_PATH: this.#folder },
      folder: this.#folder,
    });
    await this.#process.ready(async () => (await this.pactl('info')).includes('Server Name'));
    await this.pactl('set-default-sink', 'meet');
    await this.pactl('set-default-source', 'voice.monitor');
  }

  /** Environment of programs that shall use this server. */
  get env(): Record<string, string> {
    return { PULSE_SERVER: `unix:${this.#socket}`, HOME: this.#folder };
  }

  async pactl(...args: string[]): Promise<string> {
    return (await run(findProgram('pactl'), args, { env: { ...process.env, ...this.env } })).stdout;
  }

  /** Plays 16 kHz samples into a sink; resolves when the last has been played. */
  async play(pcm: Int16Array, sink: 'meet' | 'voice' = 'meet', signal?: AbortSignal): Promise<void> {
    const args = ['--playback', `--device=${sink}`, '--raw', '--format=s16le', '--rate=16000', '--channels=1'];
    const playing = run(findProgram('pacat'), [...args, '--latency-msec=50'], {
      env: { ...process.env, ...this.env },
      ...(signal && { signal }),
    });
    playing.child.stdin?.on('error', () => undefined);
    playing.child.stdin?.end(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength));
    await playing;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop('SIGTERM', 1_000);
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #socket(): string {
    return join(this.#folder, 'native');
  }
}
