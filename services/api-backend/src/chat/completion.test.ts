import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { chatChunkSchema, chatCompletionSchema, type ChatUsage } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import { loadSpec } from '@eloquence/testkit/spec-validator';
import { describe, expect, test } from 'vitest';
import { toCompletion, toEvents } from './completion.ts';
import type { ChatPart } from './providers/provider.ts';

const usage: ChatUsage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
/** Two calls whose arguments come in turns, as parallel calls do. */
const parts: readonly ChatPart[] = [
  { type: 'text', text: 'Il a dit « oui »\n' },
  { type: 'text', text: '"\\ \u2028 😀 \u0000' },
  { type: 'tool_call', index: 0, id: 'call_a', name: 'find_slots', arguments: '' },
  { type: 'tool_call', index: 1, id: 'call_b', name: 'book', arguments: '{"at":' },
  { type: 'tool_call', index: 0, arguments: '{"day":"mardi"}' },
  { type: 'tool_call', index: 1, arguments: '9}' },
  { type: 'finish', reason: 'tool_calls' },
  { type: 'usage', usage },
];

async function* give(items: readonly ChatPart[], error?: Error): AsyncGenerator<ChatPart> {
  yield* items;
  if (error) throw error;
}
async function eventsOf(source: AsyncIterable<string>): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of source) {
    expect(event).toMatch(/^data: [^\n]+\n\n$/);
    const data = event.slice('data: '.length, -2);
    events.push(data === '[DONE]' ? data : (JSON.parse(data) as unknown));
  }
  return events;
}

describe('an answer in chunks', () => {
  test('is what OpenAI would send, to the letter and to its document', async () => {
    const events = await eventsOf(toEvents(give(parts), { model: 'mistral/small', includeUsage: true }));
    expect(events.pop()).toBe('[DONE]');
    const spec = loadSpec('openai.openapi.yaml');
    const chunks = events.map((event) => chatChunkSchema.parse(event));
    for (const event of events)
      expect(spec?.schemaFaults('CreateChatCompletionStreamResponse', event) ?? []).toEqual([]);
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'Il a dit « oui »\n' },
      { content: '"\\ \u2028 😀 \u0000' },
      { tool_calls: [{ index: 0, id: 'call_a', type: 'function', function: { name: 'find_slots', arguments: '' } }] },
      { tool_calls: [{ index: 1, id: 'call_b', type: 'function', function: { name: 'book', arguments: '{"at":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"day":"mardi"}' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '9}' } }] },
      {},
      undefined,
    ]);
    expect(chunks.map(({ usage: counted }) => counted)).toEqual([...Array<null>(8).fill(null), usage]);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('tool_calls');
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  test('ends with the error where it breaks off', async () => {
    const broken = give(parts.slice(0, 1), new AppError('upstream_failed', 'It broke off.'));
    const events = await eventsOf(toEvents(broken, { model: 'm', includeUsage: false }));
    expect(events.at(-1)).toEqual({
      error: { message: 'It broke off.', type: 'server_error', code: 'upstream_failed', param: null },
    });
  });

  test('waits for a reader that does not read', async () => {
    let given = 0;
    async function* flood(): AsyncGenerator<ChatPart> {
      for (;;) {
        given += 1;
        yield { type: 'text', text: 'encore '.repeat(20) };
      }
    }
    const server = createServer((_request, response) => {
      Readable.from(toEvents(flood(), { model: 'm', includeUsage: false }), { objectMode: false }).pipe(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
    reader.pause();
    reader.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    let before = -1;
    await expect
      .poll(
        () => {
          const stands = given > 0 && given === before;
          before = given;
          return stands;
        },
        { interval: 200, timeout: 10_000 },
      )
      .toBe(true);
    // What the system's buffers take, and no more.
    expect(given).toBeLessThan(100_000);
    reader.destroy();
    server.closeAllConnections();
    server.close();
  });
});

test('an answer in one piece has its calls whole', () => {
  const completion = chatCompletionSchema.parse(toCompletion(parts, 'mistral/small'));
  expect(completion).toMatchObject({ model: 'mistral/small', usage });
  expect(completion.choices[0]).toMatchObject({
    finish_reason: 'tool_calls',
    message: {
      content: 'Il a dit « oui »\n"\\ \u2028 😀 \u0000',
      tool_calls: [
        { id: 'call_a', function: { name: 'find_slots', arguments: '{"day":"mardi"}' } },
        { id: 'call_b', function: { name: 'book', arguments: '{"at":9}' } },
      ],
    },
  });
});
