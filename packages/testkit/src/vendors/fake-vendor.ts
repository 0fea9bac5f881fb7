import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/**
 * How a fake vendor behaves until told otherwise. `slow`: good answer, first byte late · `cut`: socket destroyed in the
 * middle of the body, or after so many pieces of it · `stall`: goes silent there · `garbage`: right content type, body is nonsense ·
 * `wrong_type`: 200 with an HTML page, as a captive portal or a wrong base URL gives.
 */
export type VendorMode =
  | { readonly type: 'ok' }
  | { readonly type: 'slow'; readonly delayMs: number }
  | { readonly type: 'cut'; readonly afterPieces?: number }
  | { readonly type: 'stall'; readonly afterPieces?: number }
  | { readonly type: 'rate_limited'; readonly retryAfterS: number }
  | { readonly type: 'error'; readonly status: number; readonly code?: string; readonly message?: string }
  | { readonly type: 'garbage' }
  | { readonly type: 'wrong_type' };

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
  /** The body as it came. */
  readonly bytes: Buffer<ArrayBuffer>;
  /** Resolves when the exchange is over: `closed` = the caller hung up before the end of the answer. */
  readonly outcome: Promise<'answered' | 'closed'>;
}

export interface Exchange {
  readonly request: RecordedRequest;
  readonly response: ServerResponse;
  /** Aborts when the caller hangs up. */
  readonly signal: AbortSignal;
}

/** A vendor's HTTP server on a real socket: records requests, checks shapes, behaves by `mode`. Dispose it to stop it. */
export abstract class FakeVendor implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  /** Shape faults of requests received and answers given, against the vendor's published document. Tests expect none. */
  readonly faults: string[] = [];
  mode: VendorMode = { type: 'ok' };
  /** Connections opened so far: a caller that keeps them opens few. */
  connections = 0;
  /** For vendors that also speak WebSocket. */
  protected readonly server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.server = createServer((request, response) => void this.#receive(request, response));
    this.server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** `http://127.0.0.1:PORT`, after `listen`. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  listen(): Promise<this> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => resolve(this));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  /** Answers one request in the vendor's way; called for good modes only. */
  protected abstract answer(exchange: Exchange): Promise<void>;

  /** The vendor's own JSON error body. @param code the vendor's name of the error, where it has one */
  protected abstract errorBody(status: number, message: string, code?: string): unknown;

  /** The content type of a good answer at this path, for `garbage`. */
  protected abstract contentType(request: RecordedRequest): string;

  /** Records shape faults of a request or an answer. */
  protected note(what: string, faults: readonly string[] | undefined): boolean {
    for (const fault of faults ?? []) this.faults.push(`${what}: ${fault}`);
    return (faults ?? []).length === 0;
  }

  /** Sends the vendor's error. */
  protected fail(response: ServerResponse, status: number, message: string, code?: string): void {
    this.json(response, status, this.errorBody(status, message, code));
  }

  protected json(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  /**
   * Writes a streamed body by the mode: all of it, or half of it and then a cut or silence.
   *
   * @param gapMs pause between pieces, so that a caller can see them arrive one by one; 0: they are still sent one by one
   */
  protected async stream(exchange: Exchange, pieces: readonly (string | Uint8Array)[], gapMs = 1): Promise<void> {
    const { response, signal } = exchange;
    const until = this.#piecesOf(pieces.length);
    for (const piece of pieces.slice(0, until)) {
      if (signal.aborted) return;
      response.write(piece);
      await (gapMs > 0 ? sleep(gapMs) : nextTurn());
    }
    if (this.mode.type === 'cut') response.destroy();
    else if (this.mode.type === 'stall')
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
    else response.end();
  }

  #piecesOf(all: number): number {
    const { mode } = this;
    if (mode.type !== 'cut' && mode.type !== 'stall') return all;
    return mode.afterPieces ?? Math.ceil(all / 2);
  }

  async #receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      // The caller hung up in the middle of its request.
      return;
    }
    const abort = new AbortController();
    const outcome = new Promise<'answered' | 'closed'>((resolve) => {
      response.on('close', () => {
        if (!response.writableFinished) abort.abort();
        resolve(response.writableFinished ? 'answered' : 'closed');
      });
    });
    const bytes = Buffer.concat(chunks);
    const url = new URL(incoming.url ?? '/', 'http://fake');
    const request: RecordedRequest = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: parseBody(bytes.toString()),
      bytes,
      outcome,
    };
    this.requests.push(request);
    await this.#behave({ request, response, signal: abort.signal });
  }

  async #behave(exchange: Exchange): Promise<void> {
    const { response, request, signal } = exchange;
    const { mode } = this;
    switch (mode.type) {
      case 'rate_limited':
        response.setHeader('retry-after', String(mode.retryAfterS));
        this.fail(response, 429, 'Rate limit reached');
        return;
      case 'error':
        this.fail(response, mode.status, mode.message ?? 'The server had an error', mode.code);
        return;
      case 'garbage':
        response.writeHead(200, { 'content-type': this.contentType(request) }).end('data: {"never": closed\n\n');
        return;
      case 'wrong_type':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Welcome to the hotel</body></html>');
        return;
      case 'slow':
        await sleep(mode.delayMs, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) await this.answer(exchange);
        return;
      case 'ok':
      case 'cut':
      case 'stall':
        await this.answer(exchange);
    }
  }
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
