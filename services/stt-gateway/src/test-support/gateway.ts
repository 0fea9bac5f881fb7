import { createLogger } from '@eloquence/shared/runtime/logger';
import { listenMessageSchema, type ListenMessage, type ListenResults } from '@eloquence/shared/contracts/stt';
import { WebSocket, type ClientOptions } from 'ws';
import { buildGateway, type Gateway } from '../app.ts';
import { defaults, readConfig, type Config } from '../config.ts';
import { SocketClient } from './socket-client.ts';

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
export class Client extends SocketClient<ListenMessage> {
  private constructor(socket: WebSocket) {
    super(socket, listenMessageSchema);
  }

  /** @throws when the upgrade is refused */
  static async open(url: string, query: Record<string, string> = {}, options: ClientOptions = {}): Promise<Client> {
    const search = new URLSearchParams({ language: 'fr', ...query });
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/listen?${search.toString()}`, {
      headers: { authorization: `Token ${KEY}` },
      ...options,
    });
    const client = new Client(socket);
    await client.opened;
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

  protected override sendAudio(frame: Buffer): void {
    this.socket.send(frame);
  }

  /** CloseStream and everything that comes until the socket is closed. */
  async finish(timeoutMs = 10_000): Promise<void> {
    this.control('CloseStream');
    await this.until((client) => client.closed !== undefined, timeoutMs);
  }
}

export function textOf(results: ListenResults): string {
  return results.channel.alternatives[0]?.transcript ?? '';
}
