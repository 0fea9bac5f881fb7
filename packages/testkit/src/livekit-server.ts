import { freePort } from './free-port.ts';
import { livekitServerBin } from './config.ts';
import { findProgram, ManagedProcess } from './processes.ts';

/** What clients and services need to reach a LiveKit server. */
export interface LivekitAddress {
  /** ws://… */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface LivekitServerOptions {
  /** Receivers of webhooks, signed with the server's key. */
  readonly webhookUrls?: readonly string[];
  /** Further members of livekit.yaml, e.g. `{ room: { empty_timeout: 5 } }`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A private livekit-server on loopback, one node without Redis. */
export class LivekitServer implements AsyncDisposable, LivekitAddress {
  readonly port: number;
  readonly apiKey = 'testkey';
  readonly apiSecret = 'a secret for tests only, at least 32 characters';
  readonly #config: string;
  #process: ManagedProcess | undefined;

  private constructor(ports: readonly [number, number, number], options: LivekitServerOptions) {
    const [port, tcpPort, udpPort] = ports;
    this.port = port;
    // JSON is YAML.
    this.#config = JSON.stringify({
      port,
      bind_addresses: ['127.0.0.1'],
      rtc: {
        tcp_port: tcpPort,
        udp_port: udpPort,
        use_external_ip: false,
        enable_loopback_candidate: true,
        node_ip: '127.0.0.1',
      },
      keys: { [this.apiKey]: this.apiSecret },
      logging: { level: 'warn' },
      ...(options.webhookUrls && { webhook: { api_key: this.apiKey, urls: options.webhookUrls } }),
      ...options.config,
    });
  }

  static async start(options: LivekitServerOptions = {}): Promise<LivekitServer> {
    const server = new LivekitServer([await freePort(), await freePort(), await freePort()], options);
    await server.start();
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Starts it again on the same ports; rooms of before are gone. */
  async start(): Promise<void> {
    this.#process = new ManagedProcess({
      name: 'livekit-server',
      command: livekitServerBin ?? findProgram('livekit-server'),
      args: ['--config-body', this.#config],
    });
    await this.#process.ready(async () => {
      const response = await fetch(`http://127.0.0.1:${this.port}/`, { signal: AbortSignal.timeout(1_000) });
      return response.ok;
    });
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop('SIGKILL');
  }
}
