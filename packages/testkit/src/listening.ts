import { listenMessageSchema } from '@eloquence/shared/contracts/stt';
import { WebSocket } from 'ws';

const RATE_HZ = 16_000;
const FRAME_SAMPLES = RATE_HZ / 20;
const FRAME_MS = 50;
/** Sent and not yet taken by the gateway: as much as it reads ahead of its work. */
const MAX_AHEAD_BYTES = 128_000;
const PATIENCE_MS = 30_000;

export interface HeardText {
  readonly text: string;
  readonly startS: number;
  readonly endS: number;
  /** The speaker had paused, as against cut. */
  readonly pause: boolean;
  /** performance.now() when it came. */
  readonly atMs: number;
}

export interface ListeningOptions {
  /** Base URL of stt-gateway. */
  readonly url: string;
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** A client of `/v1/listen` that plays audio and keeps what it is told. */
export class Listening implements Disposable {
  readonly finals: HeardText[] = [];
  readonly interims: HeardText[] = [];
  readonly #socket: WebSocket;
  readonly #closed: Promise<void>;
  /** Samples sent, and when the last of each frame was. */
  #sent = 0;
  #errors = '';
  /** When a microphone would have begun to send, were all sent in real time. */
  #startedMs = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive((data as Buffer).toString()));
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', (error) => (this.#errors += error.message));
  }

  /** A gateway that is busy is asked again when it says, for half a minute. @throws when the upgrade is refused */
  static async open(options: ListeningOptions): Promise<Listening> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await connect(options);
      if (answer.socket) return new Listening(answer.socket);
      const { status, retryAfterS } = answer;
      if (status !== 503 || performance.now() + retryAfterS * 1000 > deadlineMs)
        throw new Error(`/v1/listen answered ${status}`);
      await new Promise((resolve) => setTimeout(resolve, retryAfterS * 1000));
    }
  }

  /** Seconds of audio sent. */
  get sentS(): number {
    return this.#sent / RATE_HZ;
  }

  /** What was said, in the order of speech. */
  get text(): string {
    return this.finals
      .map(({ text }) => text)
      .filter(Boolean)
      .join(' ');
  }

  /** Plays as a microphone does. @returns performance.now() at which sample `mark` was sent */
  async play(pcm: Int16Array, mark = pcm.length): Promise<number> {
    if (this.#startedMs === 0) this.#startedMs = performance.now() - this.sentS * 1000;
    let markedMs = performance.now();
    for (let from = 0; from < pcm.length; from += FRAME_SAMPLES) {
      const dueMs = this.#startedMs + this.sentS * 1000 + FRAME_MS;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
      this.#send(pcm.subarray(from, from + FRAME_SAMPLES));
      if (from < mark) markedMs = performance.now();
    }
    return markedMs;
  }

  /** Sends as fast as the gateway takes it. */
  async pour(pcm: Int16Array): Promise<void> {
    for (let from = 0; from < pcm.length; from += FRAME_SAMPLES) {
      while (this.#socket.bufferedAmount > MAX_AHEAD_BYTES) {
        if (this.#socket.readyState !== WebSocket.OPEN) throw new Error(`the socket closed: ${this.#errors}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      this.#send(pcm.subarray(from, from + FRAME_SAMPLES));
    }
  }

  /** CloseStream, and everything that comes until the gateway has closed. */
  async finish(): Promise<void> {
    this.#socket.send('{"type":"CloseStream"}');
    await this.#closed;
    if (this.#errors) throw new Error(this.#errors);
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #send(frame: Int16Array): void {
    this.#socket.send(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
    this.#sent += frame.length;
  }

  #receive(json: string): void {
    const message = listenMessageSchema.parse(JSON.parse(json));
    if (message.type === 'Error') this.#errors += `${message.code}: ${message.description} `;
    if (message.type !== 'Results') return;
    const { start, duration, speech_final: pause, channel, is_final: isFinal } = message;
    const text = channel.alternatives[0]?.transcript ?? '';
    const heard = { text, startS: start, endS: start + duration, pause, atMs: performance.now() };
    (isFinal ? this.finals : this.interims).push(heard);
  }
}

type Answer =
  | { readonly socket: WebSocket }
  | { readonly socket?: undefined; readonly status: number; readonly retryAfterS: number };

function connect({ url, key, query = {} }: ListeningOptions): Promise<Answer> {
  const search = new URLSearchParams({ language: 'fr', ...query }).toString();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/listen?${search}`, {
    headers: { authorization: `Token ${key}` },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ socket }));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, retryAfterS: Number(response.headers['retry-after'] ?? 1) });
    });
  });
}
