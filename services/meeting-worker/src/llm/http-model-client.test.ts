import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chatRequestSchema } from '@eloquence/shared/contracts/chat';
import { chunkAnswerSchema } from '@eloquence/shared/contracts/meeting-llm';
import { AppError, toProblem } from '@eloquence/shared/runtime/errors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { AnswerStore, KeptAnswer } from './answer-store.ts';
import { HttpModelClient } from './http-model-client.ts';
import type { ModelRequest } from './model-client.ts';
import type { RequestClaims } from './request-claims.ts';

const SESSION = 'ses_aaaaaaaaaaaaaaaaaaaa';
const schema = z.object({ topics: z.array(z.string()) });

interface Reply {
  readonly status?: number;
  readonly body: unknown;
}

class MemoryAnswers implements AnswerStore {
  readonly kept = new Map<string, KeptAnswer>();

  find(sessionId: string, hash: string): Promise<KeptAnswer | undefined> {
    return Promise.resolve(this.kept.get(`${sessionId} ${hash}`));
  }

  keep(sessionId: string, hash: string, answer: KeptAnswer): Promise<void> {
    this.kept.set(`${sessionId} ${hash}`, answer);
    return Promise.resolve();
  }
}

/** What {@link RequestClaims} promises, within this process. */
class MemoryClaims implements RequestClaims {
  readonly #queues = new Map<string, Promise<void>>();

  async claim(sessionId: string, hash: string): Promise<AsyncDisposable> {
    const key = `${sessionId} ${hash}`;
    const before = this.#queues.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queues.set(key, promise);
    await before;
    return { [Symbol.asyncDispose]: () => Promise.resolve(resolve()) };
  }
}

const claims = new MemoryClaims();
let server: Server;
let url: string;
let reply: (() => Reply) | undefined;
let answers: MemoryAnswers;
const seen: { headers: IncomingMessage['headers']; body: unknown }[] = [];

beforeEach(async () => {
  seen.length = 0;
  answers = new MemoryAnswers();
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      seen.push({ headers: request.headers, body: JSON.parse(text) as unknown });
      const given = reply?.();
      if (!given) return;
      response.writeHead(given.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(given.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const completion = (content: string | null, finish = 'stop'): Reply => ({
  body: {
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'mistral/small',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  },
});
const problem = (error: AppError): Reply => ({ status: error.status, body: toProblem(error) });

function ask(extra: Partial<ModelRequest<z.infer<typeof schema>>> = {}, timeoutMs?: number) {
  const client = new HttpModelClient({ url, key: 'k', answers, claims, ...(timeoutMs !== undefined && { timeoutMs }) });
  return client.complete({
    sessionId: SESSION,
    purpose: 'summarise',
    system: 'Write notes.',
    user: 'Hello.',
    schemaName: 'notes',
    schema,
    maxTokens: 100,
    signal: new AbortController().signal,
    ...extra,
  });
}

test('an answer with characters that Postgres cannot store is kept and given without them', async () => {
  reply = () => completion('{"topics":["a\\u0000b","half \\ud83d","half \ud83d","two\\nlines"]}');
  expect((await ask()).value.topics).toEqual(['a b', 'half \ufffd', 'half \ufffd', 'two lines']);
  for (const { content } of answers.kept.values()) expect(content.isWellFormed()).toBe(true);
  reply = () => completion('Notes:\u0000 {"topics":[]}');
  await ask({ user: 'Bye.' });
  for (const { content } of answers.kept.values()) expect(content).not.toContain('\0');
});

describe('a request', () => {
  test('names purpose, session and key, and the shape of the answer', async () => {
    reply = () => completion('{"topics":["a"]}');
    expect(await ask()).toMatchObject({ value: { topics: ['a'] }, model: 'mistral/small' });
    const [request] = seen;
    expect(request?.headers).toMatchObject({ authorization: 'Bearer k', 'x-session-id': SESSION });
    expect(chatRequestSchema.parse(request?.body)).toMatchObject({
      model: 'summarise',
      temperature: 0,
      max_tokens: 100,
      response_format: { type: 'json_schema', json_schema: { name: 'notes', strict: true } },
    });
  });

  test('asks for notes in a schema that strict servers take: every member required, no other', async () => {
    reply = () => completion('{}');
    await ask({ schema: chunkAnswerSchema as never }).catch(() => undefined);
    const text = JSON.stringify(seen[0]?.body);
    const objects = [...text.matchAll(/"type":"object"/g)].length;
    expect(objects).toBeGreaterThan(8);
    expect([...text.matchAll(/"additionalProperties":false/g)]).toHaveLength(objects);
    expect([...text.matchAll(/"required":/g)]).toHaveLength(objects);
    expect(text).not.toMatch(/"(?:minimum|maximum|\$schema)"/);
  });

  test('is answered again from what was kept, for its session only', async () => {
    reply = () => completion('{"topics":["a"]}');
    const first = await ask();
    reply = () => completion('{"topics":["b"]}');
    expect(await ask()).toEqual(first);
    expect(seen).toHaveLength(1);
    expect((await ask({ sessionId: 'ses_bbbbbbbbbbbbbbbbbbbb' })).value).toEqual({ topics: ['b'] });
    expect((await ask({ user: 'Bye.' })).value).toEqual({ topics: ['b'] });
  });

  test('that is made twice at once is sent once', async () => {
    reply = () => completion('{"topics":["a"]}');
    const [one, two] = await Promise.all([ask(), ask()]);
    expect(two).toEqual(one);
    expect(seen).toHaveLength(1);
  });

  test('that was waiting for one that failed is sent itself', async () => {
    reply = () => (seen.length === 1 ? completion('') : completion('{"topics":["b"]}'));
    const [one, two] = await Promise.allSettled([ask(), ask()]);
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'upstream_failed' } });
    expect(two).toMatchObject({ status: 'fulfilled', value: { value: { topics: ['b'] } } });
  });

  test('has one prompt hash whatever was said, another for another prompt', async () => {
    reply = () => completion('{"topics":[]}');
    const hashes = await Promise.all([ask(), ask({ user: 'Bye.' }), ask({ system: 'Write more.' })]);
    const [one, same, other] = hashes.map(({ promptHash }) => promptHash);
    expect(one).toBe(same);
    expect(one).not.toBe(other);
  });
});

describe('an answer', () => {
  test.each([
    ['in a code fence', '```json\n{"topics":["a"]}\n```'],
    ['among sentences', 'Here are the notes: {"topics":["a"]} I hope they help.'],
    ['behind thoughts', '<think>{"topics":["no"]}</think>{"topics":["a"]}'],
    ['with a comma too many', '{"topics":["a",],}'],
  ])('%s is read', async (_, content) => {
    reply = () => completion(content);
    expect((await ask()).value).toEqual({ topics: ['a'] });
  });

  test.each<[string, Reply, string]>([
    ['of another shape', completion('{"subjects":[]}'), 'upstream_failed'],
    ['in prose', completion('There was much talk.'), 'upstream_failed'],
    ['cut off in its JSON', completion('{"topics":["a'), 'upstream_failed'],
    ['that is empty', completion(''), 'upstream_failed'],
    ['that is null', completion(null), 'upstream_failed'],
    ['that a filter stopped', completion('{"topics":[]}', 'content_filter'), 'upstream_failed'],
    ['that was cut off, whole as it looks', completion('{"topics":["a"]}', 'length'), 'payload_too_large'],
    ['that is no completion', { body: { hello: 1 } }, 'upstream_failed'],
  ])('%s is none, and is not kept', async (_, given, code) => {
    reply = () => given;
    await expect(ask()).rejects.toMatchObject({ code });
    expect(answers.kept.size).toBe(0);
  });
});

describe('what the proxy says', () => {
  test.each<[string, AppError, string]>([
    ['nobody can write notes', new AppError('unavailable', 'Set a key.'), 'unavailable'],
    ['not just now', new AppError('unavailable', 'Stopping.', { retryAfterS: 2 }), 'upstream_failed'],
    ['too long', new AppError('payload_too_large', 'Too long.'), 'payload_too_large'],
    ['too often', new AppError('rate_limited', 'Wait.', { retryAfterS: 5 }), 'rate_limited'],
    ['no quota left', new AppError('quota_exceeded', 'Used up.'), 'quota_exceeded'],
  ])('%s', async (_, error, code) => {
    reply = () => problem(error);
    await expect(ask()).rejects.toMatchObject({ code, message: error.message });
  });

  test('a proxy that cannot be reached may be there later', async () => {
    server.close();
    server.closeAllConnections();
    await expect(ask()).rejects.toMatchObject({ code: 'upstream_failed' });
  });

  test('silence ends in time, and so does a request nobody waits for', async () => {
    reply = undefined;
    await expect(ask({}, 50)).rejects.toMatchObject({ code: 'upstream_timeout' });
    const abort = new AbortController();
    const asked = ask({ signal: abort.signal });
    abort.abort(new Error('the job is over'));
    await expect(asked).rejects.toThrow('the job is over');
  });
});
