import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Heard {
  readonly path: string;
  readonly contentType: string;
  readonly authorization: string;
  readonly body: Buffer;
  readonly durationS: number;
}

type Answer = (heard: Heard, index: number) => string | { readonly status: number; readonly body: unknown };

/** Stands for whisper-stt: a real HTTP server that records what it is asked and answers as told. */
export class FakeEngine implements AsyncDisposable {
  readonly requests: Heard[] = [];
  /** Text for the request, or a status and body. */
  answer: Answer = () => 'bonjour';
  delayMs = 0;
  /** What `GET /ready` says it is. */
  engine: Record<string, unknown> = { id: 'fake', label: 'fake engine', demo: true };
  aborted = 0;
  #server = createServer((request, response) => void this.#serve(request, response));
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts, or comes back on the same port. */
  async start(): Promise<this> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Dies: connections are cut. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/ready') {
      send(response, 200, { status: 'ok', checks: [], engine: this.engine });
      return;
    }
    if (request.url === '/v1/models') {
      send(response, 200, { object: 'list', data: [{ id: 'fake', object: 'model' }] });
      return;
    }
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    const heard = {
      path: request.url ?? '',
      contentType: request.headers['content-type'] ?? '',
      authorization: request.headers.authorization ?? '',
      body,
      durationS: body.length / 32_000,
    };
    this.requests.push(heard);
    const answer = this.answer(heard, this.requests.length - 1);
    let left = false;
    response.once('close', () => (left = !response.writableFinished));
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    if (left) this.aborted += 1;
    else if (typeof answer === 'string') send(response, 200, transcription(answer, heard.durationS));
    else send(response, answer.status, answer.body);
  }
}

function transcription(text: string, duration: number) {
  const words = text.split(' ').filter(Boolean);
  return {
    task: 'transcribe',
    language: 'fr',
    duration,
    text,
    segments: text
      ? [{ id: 0, start: 0, end: duration, text, avg_logprob: -0.2, no_speech_prob: 0.01, compression_ratio: 1 }]
      : [],
    words: words.map((word, index) => ({
      word,
      start: (duration * index) / words.length,
      end: (duration * (index + 1)) / words.length,
      probability: 0.9,
    })),
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
}
