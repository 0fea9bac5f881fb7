import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

/**
 * Stands for a model behind OpenAI's or Mistral's wire: `--port`, `--first-ms` to the first token, `--gap-ms` between tokens,
 * `--tokens` per answer. A token's text is the time it was sent at, in ns of the clock all processes of a machine share.
 *
 * The path's first part says how it behaves: `/ok/...`, or `/KIND-N/...` for every Nth request: `500` refuses, `429` limits,
 * `hang` never answers, `cut` breaks off in the middle, `trickle` goes on for ever with a token a second. `GET /ends` gives
 * and forgets when callers hung up: `[[name, ns], ...]`, by the name that ends the last message after a `#`.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    'first-ms': { type: 'string', default: '20' },
    'gap-ms': { type: 'string', default: '20' },
    tokens: { type: 'string', default: '40' },
  },
});
const FIRST_MS = Number(values['first-ms']);
const GAP_MS = Number(values['gap-ms']);
const TOKENS = Number(values.tokens);
const TRICKLE_MS = 1_000;

const HEAD =
  '{"id":"bench","object":"chat.completion.chunk","created":1700000000,"model":"bench","choices":[{"index":0,';
const USAGE = '"usage":{"prompt_tokens":400,"completion_tokens":40,"total_tokens":440}';
const MODELS = JSON.stringify({
  object: 'list',
  data: ['mistral-small-latest', 'gpt-4o-mini'].map((id) => ({
    id,
    object: 'model',
    created: 1_700_000_000,
    owned_by: 'bench',
    capabilities: { completion_chat: true },
  })),
});

const requests = new Map<string, number>();
let ends: [string, number][] = [];

const now = () => Number(process.hrtime.bigint());
const chunk = (delta: string, rest = '"finish_reason":null}]') => `data: ${HEAD}"delta":${delta},${rest}}\n\n`;

function behaviourOf(path: string): string {
  const [kind = 'ok', every = '1'] = path.split('-');
  const count = (requests.get(path) ?? 0) + 1;
  requests.set(path, count);
  return count % Number(every) === 0 ? kind : 'ok';
}

function fail(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 && { 'retry-after': '1' }) });
  response.end('{"error":{"message":"not now","type":"server_error","code":"bench"}}');
}

function answer(response: ServerResponse, behaviour: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const trickles = behaviour === 'trickle';
  let sent = 0;
  const next = () => {
    if (response.destroyed) return;
    if (behaviour === 'cut' && sent === TOKENS / 2) return void response.destroy();
    if (sent === TOKENS && !trickles) {
      response.write(chunk('{"content":""}', `"finish_reason":"stop"}],${USAGE}`));
      return void response.end('data: [DONE]\n\n');
    }
    sent += 1;
    const role = sent === 1 ? '"role":"assistant",' : '';
    response.write(chunk(`{${role}"content":" ${now()}"}`));
    setTimeout(next, trickles ? TRICKLE_MS : GAP_MS);
  };
  setTimeout(next, FIRST_MS);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const piece of request) chunks.push(piece as Buffer);
  return Buffer.concat(chunks).toString();
}

const server = createServer((request, response) => {
  const path = (request.url ?? '/').split('/')[1] ?? '';
  if (request.url === '/ends') {
    response.end(JSON.stringify(ends));
    ends = [];
    return;
  }
  if (request.method === 'GET') return void response.writeHead(200, { 'content-type': 'application/json' }).end(MODELS);
  void (async () => {
    const body = await bodyOf(request);
    const name = /#([^"#]+)"/.exec(body)?.[1] ?? '';
    response.on('close', () => {
      if (!response.writableFinished) ends.push([name, now()]);
    });
    const behaviour = behaviourOf(path);
    if (behaviour === '500' || behaviour === '429') return fail(response, Number(behaviour));
    if (behaviour !== 'hang') answer(response, behaviour);
  })();
});
server.listen(Number(values.port), '127.0.0.1');
