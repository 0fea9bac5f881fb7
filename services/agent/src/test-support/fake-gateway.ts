import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorCodes, type ErrorCode } from '@eloquence/shared/contracts/errors';
import { WebSocketServer, type WebSocket } from 'ws';

const RATE_HZ = 16_000;
/** Louder than this is speech. */
const LOUD = 600;

export interface FakeGatewayOptions {
  readonly port?: number;
  /** Text of each utterance, in the order spoken; or what its loud sound says. */
  readonly texts: readonly string[] | ((loud: Buffer) => string);
}

/** A stream as the fake sees it. */
export interface FakeStream {
  readonly url: URL;
  readonly authorization: string;
  readonly socket: WebSocket;
  /** s16le bytes received. */
  bytes: number;
  controls: string[];
  closed: boolean;
}

/**
 * Stands where stt-gateway stands: hears loudness, gives the next text of its list as interim while it is loud and as final
 * when asked by `Finalize`, which is answered with an empty final when nothing was said.
 */
export class FakeGateway implements AsyncDisposable {
  readonly streams: FakeStream[] = [];
  /** While true, connections are refused. */
  down = false;
  /** An error code with which connections are refused, as the gateway words it. */
  refusal: ErrorCode | undefined;
  refused = 0;
  /** Finals that are lost first, as by an engine that fails: told as an error, then empty. */
  losing = 0;
  readonly #server: Server;
  readonly #texts: FakeGatewayOptions['texts'];
  #said = 0;

  private constructor(server: Server, texts: FakeGatewayOptions['texts']) {
    this.#server = server;
    this.#texts = texts;
  }

  static async start(options: FakeGatewayOptions): Promise<FakeGateway> {
    const server = createServer((_request, response) => response.end('{"status":"ok"}'));
    const gateway = new FakeGateway(server, options.texts);
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (gateway.down) return socket.destroy();
      if (gateway.refusal) return gateway.#refuse(socket, gateway.refusal);
      sockets.handleUpgrade(request, socket, head, (open) => gateway.#serve(open, request));
    });
    await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection, as a restart does. */
  cut(): void {
    for (const stream of this.streams) if (!stream.closed) stream.socket.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #end(socket: WebSocket, lastWords: () => void): void {
    lastWords();
    socket.send(JSON.stringify({ type: 'Metadata', request_id: 'fake', duration: 0, channels: 1 }));
    socket.close(1000);
  }

  #refuse(socket: Duplex, code: ErrorCode): void {
    this.refused += 1;
    const { status, fault, retryable, title } = errorCodes[code];
    const body = JSON.stringify({ type: 'about:blank', title, status, detail: title, code, fault, retryable });
    socket.end(
      `HTTP/1.1 ${status} Refused\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }

  #serve(socket: WebSocket, request: IncomingMessage): void {
    const stream: FakeStream = {
      url: new URL(request.url ?? '/', 'http://fake'),
      authorization: request.headers.authorization ?? '',
      socket,
      bytes: 0,
      controls: [],
      closed: false,
    };
    this.streams.push(stream);
    let loudFrom: number | undefined;
    let loudTo = 0;
    let loud: Buffer[] = [];
    const textOf = (): string => {
      if (typeof this.#texts === 'function') return this.#texts(Buffer.concat(loud));
      return this.#texts[this.#said % this.#texts.length] ?? '';
    };
    const results = (isFinal: boolean, isLost = false) => {
      const nothing = isLost || loudFrom === undefined;
      const text = nothing ? '' : textOf();
      const start = (loudFrom ?? stream.bytes / 2) / RATE_HZ;
      const duration = loudFrom === undefined ? 0 : (loudTo - loudFrom) / RATE_HZ;
      if (isLost)
        socket.send(
          JSON.stringify({
            type: 'Error',
            code: 'upstream_failed',
            description: 'lost',
            retryable: true,
            start,
            duration,
          }),
        );
      const word = { word: text, punctuated_word: text, start, end: start + duration, confidence: 0.9 };
      socket.send(
        JSON.stringify({
          type: 'Results',
          channel_index: [0, 1],
          start,
          duration,
          is_final: isFinal,
          speech_final: isFinal,
          from_finalize: isFinal,
          channel: { alternatives: [{ transcript: text, confidence: 0.9, words: text === '' ? [] : [word] }] },
          metadata: { request_id: 'fake' },
        }),
      );
    };
    socket.on('message', (data, isBinary) => {
      const bytes = data as Buffer;
      if (isBinary) {
        const at = stream.bytes / 2;
        stream.bytes += bytes.length;
        if (peak(bytes) < LOUD) return;
        loud.push(bytes);
        const begins = loudFrom === undefined;
        loudFrom ??= at;
        loudTo = stream.bytes / 2;
        if (begins) results(false);
        return;
      }
      const { type } = JSON.parse(bytes.toString()) as { type: string };
      stream.controls.push(type);
      if (type === 'CloseStream') return this.#end(socket, () => loudFrom !== undefined && results(true));
      if (type !== 'Finalize') return;
      const isLost = loudFrom !== undefined && this.losing > 0;
      if (isLost) this.losing -= 1;
      results(true, isLost);
      if (loudFrom !== undefined && !isLost) this.#said += 1;
      loudFrom = undefined;
      loud = [];
    });
    socket.on('close', () => {
      stream.closed = true;
    });
  }
}

function peak(pcm: Buffer): number {
  let highest = 0;
  for (let at = 0; at + 1 < pcm.length; at += 2) highest = Math.max(highest, Math.abs(pcm.readInt16LE(at)));
  return highest;
}
