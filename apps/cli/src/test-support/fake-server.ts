import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiClient } from '../api/api-client.ts';
import { MeetingApi } from '../api/meeting-api.ts';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (request: Asked, response: ServerResponse) => void;

/** A server on a real socket that answers as the test says and keeps what it was asked. */
export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  readonly api: MeetingApi;
  readonly asked: Asked[];
  answer: Answer;
}

export async function fakeServer(answer: Answer, key?: string): Promise<FakeServer> {
  const asked: Asked[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(request);
      fake.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeServer = {
    url,
    api: new MeetingApi(new ApiClient({ url, key })),
    asked,
    answer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return fake;
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Events as the server sends them; the stream ends after the last. */
export function sendEvents(
  response: ServerResponse,
  events: readonly { readonly seq: number; readonly [member: string]: unknown }[],
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}
