import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { freePort } from '@eloquence/testkit/free-port';
import { waitFor } from '@eloquence/testkit/wait-for';

const SERVICE = path.resolve(import.meta.dirname, '../../services/stt-gateway');
const STOP_DEADLINE_MS = 15_000;

/** A gateway of a test's own before the stack's model, because the stack's must not be restarted under the others. */
export class OwnGateway implements AsyncDisposable {
  readonly port: number;
  readonly key = 'own-gateway-key-0123456789abcdef';
  readonly #whisperUrl: string;
  readonly #internalKey: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, whisperUrl: string, internalKey: string) {
    this.port = port;
    this.#whisperUrl = whisperUrl;
    this.#internalKey = internalKey;
  }

  /** Starts it; resolves when it is ready. `internalKey` is what the model's server asks for. */
  static async start(whisperUrl: string, internalKey: string): Promise<OwnGateway> {
    const gateway = new OwnGateway(await freePort(), whisperUrl, internalKey);
    await gateway.start();
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Again, on the same port. */
  async start(): Promise<void> {
    this.#child = spawn(process.execPath, ['src/main.ts'], {
      cwd: SERVICE,
      env: {
        ...process.env,
        PORT: String(this.port),
        BIND_ADDRESS: '127.0.0.1',
        STT_ENGINES: 'whisper',
        WHISPER_URL: this.#whisperUrl,
        INTERNAL_API_KEY: this.#internalKey,
        API_KEYS: this.key,
        LOG_LEVEL: 'fatal',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await waitFor(async () => (await fetch(`${this.url}/ready`)).ok, {
      timeoutMs: 30_000,
      intervalMs: 100,
      what: 'the gateway',
    });
  }

  /** As a deployment stops it: SIGTERM. Resolves when the process is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await ended;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
