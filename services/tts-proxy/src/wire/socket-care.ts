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
  /**
   * Sound and replies that may wait for the client to read them; past it no more sound is made. Past twice that, which only
   * replies can reach, its messages are not read either.
   */
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
/** What a message that waits takes besides its bytes: without it a flood of short ones would be a hundred times its count. */
const MESSAGE_COST_BYTES = 512;

/** What any socket needs: pings, an end to idleness, bounded sending, a close that ends. */
export class SocketCare {
  readonly #socket: WebSocket;
  readonly #limits: SocketLimits;
  readonly #pinger: NodeJS.Timeout;
  readonly #idle: NodeJS.Timeout;
  #missedPings = 0;
  /** Bytes that wait, and what it costs that they do. Pongs do not count: the library bounds those. */
  #unsentBytes = 0;
  #progressAtMs = 0;
  #holds = false;
  readonly #wake = new Set<() => void>();

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

  /** Sends a reply. While too many wait, nothing that would ask for more is read; a client that does not read is closed. */
  tell(message: object): void {
    this.#send(JSON.stringify(message));
    void this.#hold();
  }

  /** Sends sound; resolves when there is room for more, or the socket is closed. A client that does not read is closed. */
  async play(frame: Buffer): Promise<void> {
    this.#send(frame);
    await this.#room(this.#limits.maxUnsentBytes);
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
    const bytes = data.length + MESSAGE_COST_BYTES;
    this.#unsentBytes += bytes;
    this.#idle.refresh();
    this.#socket.send(data, () => {
      this.#unsentBytes -= bytes;
      this.#progressAtMs = performance.now();
      this.#missedPings = 0;
      this.#awake();
    });
  }

  async #hold(): Promise<void> {
    const limit = 2 * this.#limits.maxUnsentBytes;
    if (this.#holds || !this.open || this.#unsentBytes <= limit) return;
    this.#holds = true;
    this.#socket.pause();
    await this.#room(limit);
    this.#holds = false;
    this.#socket.resume();
  }

  async #room(limit: number): Promise<void> {
    while (this.open && this.#unsentBytes > limit) await this.#progress();
  }

  async #progress(): Promise<void> {
    const leftMs = this.#progressAtMs + this.#limits.slowReaderMs - performance.now();
    if (leftMs <= 0) {
      this.close(closeCodes.slowReader, 'slow_reader: what was sent was not read fast enough');
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake.add(resolve);
    const timer = setTimeout(resolve, leftMs);
    await promise;
    clearTimeout(timer);
    this.#wake.delete(resolve);
  }

  #awake(): void {
    for (const wake of this.#wake) wake();
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
    this.#awake();
  }
}

/** The text's first bytes, without half a character at the end. */
function cutBytes(text: string, bytes: number): string {
  const cut = Buffer.from(text).subarray(0, bytes).toString('utf8');
  return cut.replace(/\uFFFD+$/, '');
}
