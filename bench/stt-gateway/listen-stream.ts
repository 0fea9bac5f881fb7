import { listenMessageSchema, type ListenResults } from '@eloquence/shared/contracts/stt';
import { WebSocket } from 'ws';
import { KEY } from './processes.ts';

/** Bytes of 50 ms at 16 kHz: the frame stock clients send. */
export const FRAME_BYTES = 1_600;
export const FRAME_MS = 50;

/** A stream was refused before it began. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly code: string;
  readonly tookMs: number;
  readonly retryAfterS: number;

  constructor(answer: { status: number; code: string; tookMs: number; retryAfterS: number }) {
    super(`refused with ${answer.status} ${answer.code}`);
    this.status = answer.status;
    this.code = answer.code;
    this.tookMs = answer.tookMs;
    this.retryAfterS = answer.retryAfterS;
  }
}

/** Has `refused` called with a RefusedError when the upgrade is answered otherwise. */
export function onRefusal(socket: WebSocket, startedMs: number, refused: (error: RefusedError) => void): void {
  socket.once('unexpected-response', (_request, response) => {
    const tookMs = performance.now() - startedMs;
    let body = '';
    response.on('data', (chunk: Buffer) => (body += chunk.toString()));
    response.on('end', () => {
      const { code } = JSON.parse(body) as { code: string };
      const retryAfterS = Number(response.headers['retry-after'] ?? 0);
      refused(new RefusedError({ status: response.statusCode ?? 0, code, tookMs, retryAfterS }));
    });
  });
}

export interface StreamOptions {
  readonly url: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly onResults: (results: ListenResults) => void;
  readonly onError: (code: string) => void;
}

/** A client of `/v1/listen`, as light as can be: the measured time must not be ours. */
export class ListenStream {
  readonly #socket: WebSocket;
  frames = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @throws RefusedError */
  static open({ url, query = {}, onResults, onError }: StreamOptions): Promise<ListenStream> {
    const search = new URLSearchParams({ language: 'fr', ...query }).toString();
    const startedMs = performance.now();
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/listen?${search}`, {
      headers: { authorization: `Token ${KEY}` },
      perMessageDeflate: false,
    });
    socket.on('message', (data) => {
      const message = listenMessageSchema.parse(JSON.parse((data as Buffer).toString()));
      if (message.type === 'Results') onResults(message);
      else if (message.type === 'Error') onError(message.code);
    });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(new ListenStream(socket)));
      socket.on('error', reject);
      onRefusal(socket, startedMs, reject);
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(frame: Buffer): void {
    this.frames += 1;
    this.#socket.send(frame);
  }

  finalize(): void {
    this.#socket.send('{"type":"Finalize"}');
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** Calls `tick` every 50 ms of the wall clock, late or not, until it says false. */
export function everyFrame(tick: (frame: number) => boolean): void {
  const startedMs = performance.now();
  let frame = 0;
  const next = () => {
    while (performance.now() >= startedMs + frame * FRAME_MS) {
      if (!tick(frame)) return;
      frame += 1;
    }
    setTimeout(next, Math.max(0, startedMs + frame * FRAME_MS - performance.now()));
  };
  next();
}
