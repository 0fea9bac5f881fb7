import { createLogger } from '@eloquence/shared/runtime/logger';
import { listenMessageSchema, type ListenMessage, type ListenResults } from '@eloquence/shared/contracts/stt';
import { WebSocket, type ClientOptions } from 'ws';
import { buildGateway, type Gateway } from '../app.ts';
import { defaults, readConfig, type Config } from '../config.ts';

export const KEY = 'test-key-of-the-gateway';

export interface RunningGateway extends Gateway, AsyncDisposable {
  readonly url: string;
}

/** The real gateway on a free port, in front of `engineUrl`. */
export async function startGateway(engineUrl: string, overrides: Partial<Config> = {}): Promise<RunningGateway> {
  const env = { INTERNAL_API_KEY: KEY, PORT: '0', WHISPER_URL: engineUrl, LOG_LEVEL: 'silent' };
  const config = { ...readConfig(env), ...overrides };
  const gateway = buildGateway(config, createLogger('stt-gateway', 'silent'));
  const url = await gateway.listen();
  return { ...gateway, url, [Symbol.asyncDispose]: async () => void (await gateway.lifecycle.close()) };
}

export const shortened = (streams: Partial<Config['streams']>): Pick<Config, 'streams'> => ({
  streams: { ...defaults.streams, ...streams },
});

/** A client of `/v1/listen` that checks every message against the contract and keeps it. */
export class Client implements Disposable {
  readonly messages: ListenMessage[] = [];
  readonly socket: WebSocket;
  closed: { readonly code: number; readonly reason: string } | undefined;
  #wake: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.messages.push(listenMessageSchema.parse(JSON.parse((data as Buffer).toString())));
      this.#notify();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#notify();
    });
    socket.on('error', () => this.#notify());
  }

  /** @throws when the upgrade is refused */
  static async open(url: string, query: Record<string, string> = {}, options: ClientOptions = {}): Promise<Client> {
    const search = new URLSearchParams({ language: 'fr', ...query });
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/listen?${search.toString()}`, {
      headers: { authorization: `Token ${KEY}` },
      ...options,
    });
    const client = new Client(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  get finals(): ListenResults[] {
    return this.messages.filter((message): message is ListenResults => message.type === 'Results' && message.is_final);
  }

  get interims(): ListenResults[] {
    return this.messages.filter((message): message is ListenResults => message.type === 'Results' && !message.is_final);
  }

  /** Texts of the finals that have one. */
  get said(): string[] {
    return this.finals.map(textOf).filter(Boolean);
  }

  control(type: 'KeepAlive' | 'Finalize' | 'CloseStream'): void {
    this.socket.send(JSON.stringify({ type }));
  }

  /** Sends s16le in 50 ms frames; `speed` 1 = as a microphone would, Infinity = at once. */
  async play(pcm: Buffer, speed = 1, bytesPerSecond = 32_000): Promise<void> {
    const frame = bytesPerSecond / 20;
    const startedMs = performance.now();
    for (let offset = 0; offset < pcm.length; offset += frame) {
      this.socket.send(pcm.subarray(offset, offset + frame));
      const dueMs = startedMs + ((offset + frame) / bytesPerSecond / speed) * 1000;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  /** Waits until it holds, checked after every message. */
  async until(holds: (client: this) => boolean, timeoutMs = 10_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!holds(this)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0)
        throw new Error(`not within ${timeoutMs} ms; got ${JSON.stringify(this.messages).slice(0, 1500)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** CloseStream and everything that comes until the socket is closed. */
  async finish(timeoutMs = 10_000): Promise<void> {
    this.control('CloseStream');
    await this.until((client) => client.closed !== undefined, timeoutMs);
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

export function textOf(results: ListenResults): string {
  return results.channel.alternatives[0]?.transcript ?? '';
}
