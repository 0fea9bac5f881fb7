import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChatProvider } from '../provider.ts';
import { openProvider } from './chat-vendors.ts';

export type RawAnswer = (res: ServerResponse, body: Record<string, unknown>) => void;

/** A server that writes what a test wants it to, whatever any document says. */
export class RawServer {
  readonly bodies: Record<string, unknown>[] = [];
  answer: RawAnswer;
  readonly #server = createServer((req, res) => void this.#serve(req, res));

  constructor(answer: RawAnswer) {
    this.answer = answer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(req: AsyncIterable<Uint8Array>, res: ServerResponse): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of req) pieces.push(piece);
    const body = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
    this.bodies.push(body);
    this.answer(res, body);
  }
}

/** The provider of a server of OpenAI's wire. */
export const restOf = (server: RawServer): Promise<ChatProvider> =>
  openProvider('rest', { LLM_REST_URL: `${server.url}/v1`, LLM_REST_MODEL: 'm' });

/** A stream of these events. */
export const events =
  (...list: readonly unknown[]): RawAnswer =>
  (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of list) res.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
    res.end();
  };

export const DONE = '[DONE]';

/** One chunk of OpenAI's wire. */
export const chunk = (delta: unknown, finish: string | null = null, usage?: unknown): unknown => ({
  id: 'x',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...(usage !== undefined && { usage }),
});
