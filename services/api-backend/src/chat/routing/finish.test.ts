import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { chatRequestSchema } from '@eloquence/shared/contracts/chat';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { ChatService } from '../chat-service.ts';
import type { ChatPart, ChatProvider, ChatProviderId, ModelRequest } from '../providers/provider.ts';
import { chatEnv, chatSettings } from '../settings.ts';
import { routingEnv, routingSettings } from './routing-settings.ts';

class ScriptedProvider implements ChatProvider {
  readonly id: ChatProviderId;
  readonly #parts: () => Iterable<ChatPart>;
  readonly asked: ModelRequest[] = [];

  constructor(id: ChatProviderId, parts: () => Iterable<ChatPart>) {
    this.id = id;
    this.#parts = parts;
  }

  defaultModel = () => 'm';
  engine = () => ({ id: `${this.id}/m`, label: this.id, label_fr: this.id, demo: false });
  models = async () => ['m'];
  check = async () => undefined;

  async *stream(request: ModelRequest): AsyncGenerator<ChatPart> {
    this.asked.push(request);
    for (const part of this.#parts()) yield await Promise.resolve(part);
  }
}

async function partsOf(providers: readonly ChatProvider[]): Promise<{ parts: ChatPart[]; error: unknown }> {
  const env = z.object({ ...chatEnv, ...routingEnv }).parse({});
  const chat = new ChatService({
    settings: chatSettings(env),
    routing: routingSettings(env),
    providers,
    ledger: { admit: async () => undefined, record: () => undefined },
    telemetry: new Telemetry({ processMetrics: false }),
    logger: createLogger('test', 'silent'),
  });
  const request = chatRequestSchema.parse({ messages: [{ role: 'user', content: 'Bonjour' }], stream: true });
  const { signal } = new AbortController();
  const { answer } = await chat.open(request, { tenant: 'test', purpose: 'talk' }, signal);
  const parts: ChatPart[] = [];
  let error: unknown;
  try {
    for await (const part of answer.stream()) parts.push(part);
  } catch (thrown) {
    error = thrown;
  }
  chat.close();
  return { parts, error };
}

const text = (words: string): ChatPart => ({ type: 'text', text: words });
const finish: ChatPart = { type: 'finish', reason: 'stop' };
const usage: ChatPart = { type: 'usage', usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } };

test('nothing but usage comes behind the finish', async () => {
  const provider = new ScriptedProvider('openai', () => [
    text('Bonjour.'),
    finish,
    text(' Encore.'),
    { type: 'tool_call', index: 0, id: 'call_1', name: 'find', arguments: '{}' },
    finish,
    usage,
  ]);
  expect((await partsOf([provider])).parts).toEqual([text('Bonjour.'), finish, usage]);
});

test('a provider that talks on behind its finish without end is hung up on, and nobody else is asked', async () => {
  const spare = new ScriptedProvider('rest', () => [text('Moi aussi.'), finish]);
  const endless = new ScriptedProvider('openai', function* () {
    yield text('Bonjour.');
    yield finish;
    for (;;) yield text('x'.repeat(100_000));
  });
  const { parts, error } = await partsOf([endless, spare]);
  expect(error).toBeUndefined();
  expect(parts.slice(0, 2)).toEqual([text('Bonjour.'), finish]);
  expect(parts.slice(2)).toMatchObject([{ type: 'usage' }]);
  expect(spare.asked).toEqual([]);
});

test('an answer without end ends with an error, and is nothing to go on with', async () => {
  const spare = new ScriptedProvider('rest', () => [text('Moi aussi.'), finish]);
  const endless = new ScriptedProvider('openai', function* () {
    for (;;) yield text('x'.repeat(100_000));
  });
  const { parts, error } = await partsOf([endless, spare]);
  expect(error).toMatchObject({ code: 'upstream_failed', message: expect.stringContaining('did not stop') as string });
  expect(parts).toHaveLength(10);
  expect(spare.asked).toEqual([]);
});
