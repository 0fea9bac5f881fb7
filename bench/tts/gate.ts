import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A door to a server: while it is shut, connections are refused. */
export class Gate implements AsyncDisposable {
  readonly port: number;
  readonly #to: number;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, to: number, server: Server) {
    this.port = port;
    this.#to = to;
    this.#server = server;
    server.on('connection', (socket) => this.#pass(socket));
  }

  /** @param url of the server behind */
  static async open(url: string): Promise<Gate> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate((server.address() as AddressInfo).port, Number(new URL(url).port), server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async reopen(): Promise<void> {
    if (this.#server) return;
    this.#server = createServer((socket) => this.#pass(socket)).listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shut();
  }

  #pass(socket: Socket): void {
    const behind = connect(this.#to, '127.0.0.1');
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
