import { closeCodes } from '@eloquence/shared/contracts/errors';
import type { WebSocket } from 'ws';

export interface SocketLimits {
  /** Open sockets; one more is refused. */
  readonly max: number;
  /** A socket on which nothing is said, by neither side, for so long is closed. Clients keep spare ones. */
  readonly idleMs: number;
  readonly pingMs: number;
  /** Pings without an answer before the other side counts as gone: one that plays what it reads sees them late. */
  readonly maxMissedPings: number;
  /** Longest message. */
  readonly maxFrameBytes: number;
  /** Messages that make no sense before the socket is closed. */
  readonly maxMistakes: number;
  /** Sound that may wait for the client to read it; past it no more is made. */
  readonly maxUnsentBytes: number;
  /** A client that reads nothing of it for so long is closed as a slow reader. */
  readonly slowReaderMs: number;
  /** Text taken in a minute, characters: some 20 minutes of speech. */
  readonly maxCharsPerMinute: number;
  /** How long open sockets may go on speaking when the process stops. */
  readonly drainMs: number;
}

export const defaultSocketLimits: SocketLimits = {
  max: 100,
  idleMs: 600_000,
  pingMs: 15_000,
  maxMissedPings: 8,
  maxFrameBytes: 65_536,
  maxMistakes: 10,
  maxUnsentBytes: 256 * 1024,
  slowReaderMs: 30_000,
  maxCharsPerMinute: 20_000,
  drainMs: 5_000,
};

/** A peer that does not answer our close is cut off after this. */
const CLOSE_GRACE_MS = 2_000;
/** RFC 6455 §5.5: a control frame holds 125 bytes, two of them the code. */
const MAX_REASON_BYTES = 123;

/** What any socket needs: pings, an end to idleness, bounded sending, a close that ends. */
export class SocketCare {
  readonly #socket: WebSocket;
  readonly #limits: SocketLimits;
  readonly #pinger: NodeJS.Timeout;
  readonly #idle: NodeJS.Timeout;
  #missedPings = 0;
  #unsentBytes = 0;
  #progressAtMs = 0;
  #wake: (() => void) | undefined;

  constructor(socket: WebSocket, limits: SocketLimits) {
    this.#socket = socket;
    this.#limits = limits;
    socket.on('pong', () => (this.#missedPings = 0));
    socket.on('close', () => this.#release());
    this.#pinger = setInterval(() => this.#ping(), limits.pingMs);
    this.#idle = setTimeout(() => this.close(closeCodes.normal, 'idle for too long'), limits.idleMs);
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Something was said, by either side. */
  markAlive(): void {
    if (this.open) this.#idle.refresh();
  }

  tell(message: object): void {
    this.#send(JSON.stringify(message));
  }

  /** Sends sound; resolves when there is room for more, or the socket is closed. A client that does not read is closed. */
  async play(frame: Buffer): Promise<void> {
    this.#send(frame);
    while (this.open && this.#unsentBytes > this.#limits.maxUnsentBytes) await this.#progress();
  }

  close(code: number, reason: string): void {
    if (this.#socket.readyState > this.#socket.OPEN) return;
    this.#socket.close(code, cutBytes(reason, MAX_REASON_BYTES));
    const cut = () => this.#socket.terminate();
    // What was sent before the close is read before it, at the client's pace.
    const isSlow = code === closeCodes.slowReader;
    const timer = setTimeout(cut, CLOSE_GRACE_MS + (isSlow ? 0 : this.#limits.slowReaderMs));
    this.#socket.on('close', () => clearTimeout(timer));
  }

  #send(data: string | Buffer): void {
    if (!this.open) return;
    if (this.#unsentBytes === 0) this.#progressAtMs = performance.now();
    const bytes = data.length;
    this.#unsentBytes += bytes;
    this.#idle.refresh();
    this.#socket.send(data, () => {
      this.#unsentBytes -= bytes;
      this.#progressAtMs = performance.now();
      this.#missedPings = 0;
      this.#wake?.();
    });
  }

  async #progress(): Promise<void> {
    const leftMs = this.#progressAtMs + this.#limits.slowReaderMs - performance.now();
    if (leftMs <= 0) {
      this.close(closeCodes.slowReader, 'slow_reader: sound was not read fast enough');
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, leftMs);
    });
    clearTimeout(timer);
  }

  #ping(): void {
    if (this.#missedPings >= this.#limits.maxMissedPings) {
      this.#socket.terminate();
      return;
    }
    this.#missedPings += 1;
    this.#socket.ping(undefined, undefined, () => undefined);
  }

  #release(): void {
    clearInterval(this.#pinger);
    clearTimeout(this.#idle);
    this.#wake?.();
  }
}

/** The text's first bytes, without half a character at the end. */
function cutBytes(text: string, bytes: number): string {
  const cut = Buffer.from(text).subarray(0, bytes).toString('utf8');
  return cut.replace(/\uFFFD+$/, '');
}
