import type { ChatQuirk } from '@eloquence/testkit/vendors/openai-chat';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { FakeRest } from '@eloquence/testkit/vendors/rest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatProvider } from './provider.ts';
import {
  argumentsOf,
  callOf,
  collect,
  finishOf,
  openProvider,
  requestFor,
  textOf,
  tools,
  usageOf,
} from './test-support/chat-vendors.ts';

const twoCalls = {
  words: ['Un instant.'],
  finish: 'tool_calls' as const,
  toolCalls: [
    { id: 'call_1', name: 'find_slots', arguments: '{"day":"mardi"}' },
    { id: 'call_2', name: 'book', arguments: '{"at":"10:00"}' },
  ],
};

describe('servers that copy OpenAI’s wire', () => {
  let vendor: FakeRest;
  let provider: ChatProvider;
  beforeEach(async () => {
    vendor = await new FakeRest().listen();
    const [model = ''] = vendor.models;
    provider = await openProvider('rest', { LLM_REST_URL: `${vendor.url}/v1`, LLM_REST_MODEL: model });
  });
  afterEach(() => vendor[Symbol.asyncDispose]());
  const lastBody = () => vendor.requests.at(-1)?.body as Record<string, unknown>;

  it.each<ChatQuirk[]>([
    ['no_index'],
    ['no_id'],
    ['no_index', 'no_id', 'whole_calls'],
    ['same_index', 'whole_calls'],
    ['same_index', 'repeated_id'],
    ['same_index'],
    ['repeated_id'],
    ['no_index', 'repeated_id'],
    ['null_content', 'finish_stop'],
    ['no_finish'],
  ])('tells two calls apart with %j', async (...quirks) => {
    for (const quirk of quirks) vendor.quirks.add(quirk);
    vendor.chat = twoCalls;
    const parts = await collect(provider, requestFor(provider, { tools }));
    expect(textOf(parts)).toBe('Un instant.');
    expect([argumentsOf(parts, 0), argumentsOf(parts, 1)]).toEqual([{ day: 'mardi' }, { at: '10:00' }]);
    expect([0, 1].map((index) => callOf(parts, index)[0]?.name)).toEqual(['find_slots', 'book']);
    const ids = [0, 1].map((index) => callOf(parts, index)[0]?.id ?? '');
    expect(new Set(ids.filter(Boolean)).size).toBe(2);
    expect(finishOf(parts)).toEqual(['tool_calls']);
  });

  it('takes [DONE] for a finish where there is none, but not the end of a connection', async () => {
    vendor.quirks.add('no_finish');
    expect(finishOf(await collect(provider))).toEqual(['stop']);
    vendor.quirks.add('no_done');
    const parts = await collect(provider);
    expect(textOf(parts)).not.toBe('');
    expect(finishOf(parts)).toEqual([]);
  });

  it('needs no [DONE] behind a finish', async () => {
    vendor.quirks.add('no_done');
    expect(finishOf(await collect(provider))).toEqual(['stop']);
  });

  it('passes over comments and thoughts, and gives usage once when every chunk has it', async () => {
    for (const quirk of ['comments', 'reasoning', 'usage_per_chunk'] as const) vendor.quirks.add(quirk);
    const parts = await collect(provider);
    expect(textOf(parts)).toBe('Bonjour, parlons de votre entretien.');
    expect(usageOf(parts)).toHaveLength(1);
    expect(parts.at(-1)?.type).toBe('usage');
  });

  it.each(['stream_options', 'parallel_tool_calls', 'temperature', 'max_tokens'])(
    'asks again without %s where that is refused, and never sends it again',
    async (member) => {
      vendor.refuses.clear();
      vendor.refuses.add(member);
      const options = { tools, parallel_tool_calls: false, temperature: 0.2, max_tokens: 50 };
      expect(textOf(await collect(provider, requestFor(provider, options)))).not.toBe('');
      expect(vendor.requests).toHaveLength(2);
      await collect(provider, requestFor(provider, options));
      expect(vendor.requests).toHaveLength(3);
      expect(lastBody()).not.toHaveProperty(member);
      const { max_tokens: limit, max_completion_tokens: other } = lastBody();
      expect(limit ?? other).toBe(50);
    },
  );

  it('learns what a model refuses one member at a time, and gives up on what it cannot leave out', async () => {
    for (const member of ['stream_options', 'temperature']) vendor.refuses.add(member);
    await collect(provider, requestFor(provider, { temperature: 1 }));
    expect(vendor.requests).toHaveLength(3);
    vendor.refuses.add('messages');
    await expect(collect(provider)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(vendor.requests).toHaveLength(4);
  });

  it('speaks to a strict template as to any other: no developer, somebody to answer', async () => {
    const messages = [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'Greet ' },
          { type: 'text', text: 'me.' },
        ],
      },
    ];
    await collect(provider, requestFor(provider, { messages }));
    expect(lastBody()['messages']).toEqual([
      { role: 'system', content: 'Greet me.' },
      { role: 'user', content: '.' },
    ]);
  });
});

describe('OpenAI itself', () => {
  it('gets the key of a conversation, its own name of the token limit, and its own roles', async () => {
    await using vendor = await new FakeOpenAi().listen();
    const env = { OPENAI_API_KEY: vendor.apiKey, OPENAI_BASE_URL: `${vendor.url}/v1` };
    const provider = await openProvider('openai', env);
    await collect(provider, requestFor(provider, { max_tokens: 20, cacheKey: 'session-1' }));
    expect(vendor.requests[0]?.body).toMatchObject({
      max_completion_tokens: 20,
      prompt_cache_key: 'session-1',
      messages: [{ role: 'system' }, { role: 'developer' }, {}, {}, {}, {}, {}, {}],
    });
    expect(vendor.requests[0]?.body).not.toHaveProperty('max_tokens');
    expect(vendor.faults).toEqual([]);
  });
});
