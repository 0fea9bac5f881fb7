import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { findProgram, ManagedProcess } from './processes.ts';

/** A private redis-server on loopback, AOF as in production. `kill()` then `start()` = a crash and its recovery. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'eloquence-redis-'));
  #process: ManagedProcess | undefined;

  readonly #appendfsync: string;

  private constructor(port: number, appendfsync: string) {
    this.port = port;
    this.#appendfsync = appendfsync;
  }

  /**
   * @param options.appendfsync default `everysec`, which may hold back writes while an fsync runs: a kill then loses a second or
   * two of acknowledged writes. `always` loses none.
   */
  static async start(options: { readonly appendfsync?: 'always' | 'everysec' } = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options.appendfsync ?? 'everysec');
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again on the same port and files. */
  async start(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    const durable = ['--appendonly', 'yes', '--appendfsync', this.#appendfsync, '--maxmemory-policy', 'noeviction'];
    const command = findProgram('redis-server');
    const folder = this.#folder;
    this.#process = new ManagedProcess({ name: 'redis-server', command, args: [...args, ...durable], folder });
    await this.#process.ready(() => ping(this.port));
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** SIGSTOP: alive and silent; connections hang instead of failing. */
  freeze(): void {
    this.#process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process?.signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.#process?.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function ping(port: number): Promise<boolean> {
  const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    // While the AOF is read back, PING answers LOADING.
    return (await redis.ping()) === 'PONG';
  } finally {
    redis.disconnect();
  }
}
