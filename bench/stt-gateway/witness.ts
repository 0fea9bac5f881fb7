import { WebSocket } from 'ws';
import { KEY } from './processes.ts';

const ASK_EVERY_MS = 250;

/** A client that asks for a final every so often and measures how long the answer takes. */
export class Witness implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #timer: NodeJS.Timeout;
  #waits: number[] = [];
  #askedMs: number | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#timer = setInterval(() => {
      if (this.#askedMs !== undefined) return;
      this.#askedMs = performance.now();
      socket.send('{"type":"Finalize"}');
    }, ASK_EVERY_MS);
    socket.on('message', () => {
      if (this.#askedMs !== undefined) this.#waits.push(performance.now() - this.#askedMs);
      this.#askedMs = undefined;
    });
    socket.on('close', (code) => process.stdout.write(`the witness was closed with ${code}\n`));
  }

  static async open(url: string): Promise<Witness> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/listen`, {
      headers: { authorization: `Token ${KEY}` },
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return new Witness(socket);
  }

  /** Waits since the last time, ms; one that has not ended counts as long as it has lasted. */
  take(): number[] {
    const waits = this.#askedMs === undefined ? this.#waits : [...this.#waits, performance.now() - this.#askedMs];
    this.#waits = [];
    return waits;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#socket.removeAllListeners('close');
    this.#socket.terminate();
  }
}
