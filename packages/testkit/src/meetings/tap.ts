import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What is done at a write: it is let through or not, and then somebody is killed. */
export type Blow = 'before' | 'after';

interface Trigger {
  readonly at: number;
  readonly blow: Blow;
  readonly strike: () => void;
}

/**
 * Stands between a program and a server, passes every byte on, and counts the messages that write. At the chosen one it strikes:
 * `before`: the message never arrives · `after`: it arrives, its answer does not.
 */
export class Tap implements AsyncDisposable {
  /** Messages that wrote so far. */
  writes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #pattern: RegExp;
  #trigger: Trigger | undefined;

  private constructor(targetPort: number, pattern: RegExp) {
    this.#pattern = pattern;
    this.#server = createServer((near) => this.#join(near, targetPort));
  }

  /** @param pattern what a message has in it that writes */
  static async start(targetPort: number, pattern: RegExp): Promise<Tap> {
    const tap = new Tap(targetPort, pattern);
    await new Promise<void>((resolve) => {
      tap.#server.listen(0, '127.0.0.1', resolve);
    });
    return tap;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Strikes once, at the message that is the `count`-th from now. */
  strikeAt(count: number, blow: Blow, strike: () => void): void {
    this.#trigger = { at: this.writes + count, blow, strike };
  }

  /** Forgets what it was to strike at. @returns whether it had not struck yet */
  spare(): boolean {
    const waits = this.#trigger !== undefined;
    this.#trigger = undefined;
    return waits;
  }

  /** Nothing passes any more on the connections that are there, and neither side is told, as when a cable is pulled. New ones work. */
  cut(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #join(near: Socket, targetPort: number): void {
    const far = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (bytes) => this.#pass(bytes, near, far));
    far.on('data', (bytes) => near.write(bytes));
  }

  #pass(bytes: Buffer, near: Socket, far: Socket): void {
    if (this.#pattern.test(bytes.toString('latin1'))) {
      this.writes += 1;
      const { at, blow, strike } = this.#trigger ?? { at: Infinity, blow: 'before', strike: () => undefined };
      if (this.writes >= at) {
        this.#trigger = undefined;
        if (blow === 'after') far.write(bytes);
        strike();
        near.destroy();
        return;
      }
    }
    far.write(bytes);
  }
}
