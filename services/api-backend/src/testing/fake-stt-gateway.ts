import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toProblem, type AppError } from '@eloquence/shared/runtime/errors';
import { transcriptionEventSchema, type TranscriptionEvent } from '@eloquence/shared/contracts/transcriptions';

interface Asked {
  readonly url: URL;
  readonly contentType: string;
  readonly authorization: string;
  readonly bytes: number;
}

/** What a recording is answered with: events in order, an error in between, a wait for a test to let it go on. */
export type Step = TranscriptionEvent | AppError | Promise<void>;

/** Stands for stt-gateway's POST /v1/audio/transcriptions with `stream=true`: a real server that answers as told. */
export class FakeSttGateway implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Requests whose caller hung up. */
  abandoned = 0;
  /** Status and problem instead of a stream. */
  refusal: AppError | undefined;
  /** Takes recordings and never answers. */
  silent = false;
  /** Answers before it has read the body. */
  refusesEarly = false;
  steps: (asked: Asked) => readonly Step[] = () => [done(1)];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.once('close', () => {
      if (!response.writableFinished) this.abandoned += 1;
    });
    if (this.refusesEarly && this.refusal) return refuse(response, this.refusal);
    let bytes = 0;
    try {
      for await (const chunk of request) bytes += (chunk as Buffer).length;
    } catch {
      return;
    }
    const asked = {
      url: new URL(request.url ?? '', this.url),
      contentType: request.headers['content-type'] ?? '',
      authorization: request.headers.authorization ?? '',
      bytes,
    };
    this.asked.push(asked);
    if (this.silent) return;
    if (this.refusal) return refuse(response, this.refusal);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const step of this.steps(asked)) {
      if (step instanceof Promise) await step;
      else if (step instanceof Error) {
        response.write(`event: error\ndata: ${JSON.stringify(toProblem(step))}\n\n`);
        break;
      } else response.write(`data: ${JSON.stringify(transcriptionEventSchema.parse(step))}\n\n`);
    }
    response.end();
  }
}

function refuse(response: ServerResponse, error: AppError): void {
  const retryAfter = error.retryAfterS === undefined ? {} : { 'retry-after': String(error.retryAfterS) };
  response.writeHead(error.status, { 'content-type': 'application/problem+json', connection: 'close', ...retryAfter });
  response.end(JSON.stringify(toProblem(error)));
}

/** Words of half a second each, one after the other from `startS` on. */
export function heard(text: string, startS: number): TranscriptionEvent {
  const words = text.split(' ').map((word, n) => ({ word, start: startS + n * 0.5, end: startS + n * 0.5 + 0.45 }));
  const end = words.at(-1)?.end ?? startS;
  return { type: 'transcript.text.delta', delta: ` ${text}`, words, start: startS, end };
}

export const done = (duration: number): TranscriptionEvent => ({
  type: 'transcript.text.done',
  text: '',
  languages: [],
  duration,
});
