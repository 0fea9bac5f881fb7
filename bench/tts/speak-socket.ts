import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Listener, type Target } from './ask.ts';

/** A client of `/v1/speak`, s16 at 24 kHz. */
export class SpeakSocket implements Disposable {
  readonly #socket: WebSocket;
  #listener = new Listener();
  #onFlushed: (() => void) | undefined;
  #onSound: (() => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        this.#listener.push(data);
        this.#onSound?.();
      } else if ((JSON.parse(data.toString()) as { type: string }).type === 'Flushed') this.#onFlushed?.();
    });
  }

  static async open({ url, key }: Target, query = ''): Promise<SpeakSocket> {
    const headers = { authorization: `Token ${key}` };
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/speak?voice=coach-fr${query}`, { headers });
    await once(socket, 'open');
    return new SpeakSocket(socket);
  }

  /** Counts from now on. */
  listen(): Listener {
    this.#listener = new Listener();
    return this.#listener;
  }

  write(text: string): void {
    this.#socket.send(JSON.stringify({ type: 'Speak', text }));
  }

  /** Resolves when all that was written has been spoken. */
  flush(): Promise<void> {
    this.#socket.send(JSON.stringify({ type: 'Flush' }));
    return new Promise((resolve) => {
      this.#onFlushed = resolve;
    });
  }

  /** Resolves with the next sound. */
  sound(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSound = resolve;
    });
  }

  /** Hangs up as a process that dies does. */
  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}
