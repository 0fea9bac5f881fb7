import type { WebSocket } from 'ws';
import type * as z from 'zod';

/** A client of a socket that checks every message against the contract and keeps it. */
export abstract class SocketClient<Message extends { readonly type: string }> implements Disposable {
  readonly messages: Message[] = [];
  readonly socket: WebSocket;
  /** Rejects when the upgrade is refused. */
  readonly opened: Promise<void>;
  closed: { readonly code: number; readonly reason: string } | undefined;
  #wake: (() => void)[] = [];

  protected constructor(socket: WebSocket, schema: z.ZodType<Message>) {
    this.socket = socket;
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('message', (data) => {
      this.messages.push(schema.parse(JSON.parse((data as Buffer).toString())));
      this.#notify();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#notify();
    });
    socket.on('error', () => this.#notify());
  }

  protected abstract sendAudio(frame: Buffer): void;

  /** The messages of one type. */
  of<Type extends Message['type']>(type: Type): Extract<Message, { type: Type }>[] {
    return this.messages.filter((message): message is Extract<Message, { type: Type }> => message.type === type);
  }

  /** Sends audio in 50 ms frames; `speed` 1 = as a microphone would, Infinity = at once. */
  async play(audio: Buffer, speed = 1, bytesPerSecond = 32_000): Promise<void> {
    const frame = bytesPerSecond / 20;
    const startedMs = performance.now();
    for (let offset = 0; offset < audio.length; offset += frame) {
      this.sendAudio(audio.subarray(offset, offset + frame));
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

  [Symbol.dispose](): void {
    this.socket.terminate();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
