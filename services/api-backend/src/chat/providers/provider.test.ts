import assert from 'node:assert/strict';
import { chatRequestSchema } from '@eloquence/shared/contracts/chat';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { FakeOllama } from '@eloquence/testkit/vendors/ollama';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoCoach } from '../demo-coach/demo-coach.ts';
import { mistralChat } from './mistral.ts';
import { ollamaChat } from './ollama.ts';
import { openaiWire } from './openai-wire.ts';
import type { ChatPart, ChatProvider, ModelRequest } from './provider.ts';

const logger = createLogger('test', 'silent');
const never = new AbortController().signal;
const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'find_slots',
      description: 'Free slots',
      parameters: { type: 'object', properties: { day: { type: 'string' } } },
    },
  },
];
/** A conversation with everything in it: instructions, a tool call, its result, a question. */
const conversation: unknown[] = [
  { role: 'system', content: 'Language: fr' },
  { role: 'user', content: [{ type: 'text', text: 'Bonjour' }] },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_abcdefghijkl', type: 'function', function: { name: 'find_slots', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 'call_abcdefghijkl', content: '[]' },
  { role: 'assistant', content: 'Rien.' },
  { role: 'user', content: 'Donnez-moi un conseil' },
];

const request = (more: Record<string, unknown> = {}): ModelRequest =>
  chatRequestSchema.parse({ messages: conversation, stream: true, ...more });

/** Without a model: the provider's own. */
function ask(provider: ChatProvider, asked: ModelRequest, signal: AbortSignal): AsyncIterable<ChatPart> {
  const model = asked.model === 'talk' ? (provider.defaultModel() ?? '') : asked.model;
  return provider.stream({ ...asked, model }, signal);
}

async function collect(provider: ChatProvider, asked = request(), signal = never): Promise<ChatPart[]> {
  const parts: ChatPart[] = [];
  for await (const part of ask(provider, asked, signal)) parts.push(part);
  return parts;
}

const textOf = (parts: readonly ChatPart[]) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

interface Case {
  readonly name: string;
  readonly open: () => Promise<{ provider: ChatProvider; vendor?: FakeOpenAi | FakeMistral }>;
}

const cases: Case[] = [
  {
    name: 'mistral',
    open: async () => {
      const vendor = await new FakeMistral().listen();
      const settings = { apiKey: vendor.apiKey, baseUrl: vendor.url, model: 'mistral-small-latest' };
      return { vendor, provider: mistralChat(settings) };
    },
  },
  {
    name: 'openai',
    open: async () => {
      const vendor = await new FakeOpenAi().listen();
      const provider = openaiWire({
        id: 'openai',
        peer: 'OpenAI',
        settings: 'OPENAI_API_KEY',
        modelVariable: 'OPENAI_MODEL',
        apiKey: vendor.apiKey,
        baseUrl: `${vendor.url}/v1`,
        defaultModel: () => 'gpt-4o-mini',
      });
      return { vendor, provider };
    },
  },
  {
    name: 'ollama',
    open: async () => {
      const vendor = await new FakeOllama().listen();
      const provider = ollamaChat({ url: vendor.url, probeTimeoutMs: 1000, probeEveryMs: 30_000 }, logger);
      await provider.check(never);
      return { vendor, provider };
    },
  },
  { name: 'demo coach', open: () => Promise.resolve({ provider: demoCoach() }) },
];

for (const { name, open } of cases) {
  describe(`${name} as a chat provider`, () => {
    let provider: ChatProvider;
    let vendor: FakeOpenAi | FakeMistral | undefined;
    beforeEach(async () => {
      ({ provider, vendor } = await open());
    });
    afterEach(async () => {
      await vendor?.[Symbol.asyncDispose]();
      assert.deepEqual(vendor?.faults ?? [], [], 'requests and answers have the shape of the vendor’s document');
    });

    it('gives text piece by piece, one finish and then the usage', async () => {
      const parts = await collect(provider);
      expect(parts.filter((part) => part.type === 'text').length).toBeGreaterThan(2);
      expect(textOf(parts).trim().length).toBeGreaterThan(5);
      expect(parts.slice(-2).map((part) => part.type)).toEqual(['finish', 'usage']);
      expect(parts.filter((part) => part.type === 'finish')).toEqual([{ type: 'finish', reason: 'stop' }]);
      const usage = parts.find((part) => part.type === 'usage')?.usage;
      expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
      expect(usage?.completion_tokens).toBeGreaterThan(0);
    });

    it('takes every option of the contract', async () => {
      const options = { temperature: 0.3, top_p: 0.9, max_tokens: 100, stop: ['\n'], tools, tool_choice: 'auto' };
      const parts = await collect(provider, request({ ...options, parallel_tool_calls: false, unknown_member: 1 }));
      expect(textOf(parts)).not.toBe('');
    });

    it('answers instructions that nobody has spoken to yet', async () => {
      const parts = await collect(provider, request({ messages: [{ role: 'system', content: 'Greet the caller.' }] }));
      expect(textOf(parts)).not.toBe('');
    });

    it('lists its models and refuses a name it does not know', async () => {
      expect((await provider.models(never)).length).toBeGreaterThan(0);
      await expect(collect(provider, request({ model: 'no-such-model' }))).rejects.toMatchObject({
        code: 'unknown_model',
      });
    });

    it('throws the reason of an abort', async () => {
      const controller = new AbortController();
      const reading = (async () => {
        for await (const part of ask(provider, request(), controller.signal))
          if (part.type === 'text') controller.abort(new DOMException('enough', 'AbortError'));
      })();
      await expect(reading).rejects.toMatchObject({ name: 'AbortError', message: 'enough' });
    });

    it('says it is a stand-in exactly when it is one', () => {
      expect(provider.engine().demo).toBe(provider.id === 'demo');
    });
  });
}

for (const { name, open } of cases.filter((entry) => entry.name !== 'demo coach')) {
  describe(`${name} when the vendor misbehaves`, () => {
    let provider: ChatProvider;
    let vendor: FakeOpenAi | FakeMistral;
    beforeEach(async () => {
      const opened = await open();
      provider = opened.provider;
      vendor = opened.vendor as FakeOpenAi | FakeMistral;
    });
    afterEach(() => vendor[Symbol.asyncDispose]());

    it('turns a rate limit into rate_limited with the time to wait', async () => {
      vendor.mode = { type: 'rate_limited', retryAfterS: 7 };
      await expect(collect(provider)).rejects.toMatchObject({ code: 'rate_limited', retryAfterS: 7 });
    });

    it.each([
      [500, 'upstream_failed'],
      [503, 'upstream_failed'],
      [400, 'invalid_request'],
      [401, 'upstream_rejected'],
      [404, 'unknown_model'],
    ])('turns status %i into %s and asks once', async (status, code) => {
      vendor.mode = { type: 'error', status };
      const before = vendor.requests.length;
      await expect(collect(provider)).rejects.toMatchObject({ code });
      expect(vendor.requests.length).toBe(before + 1);
    });

    it('turns nonsense and a hotel page into upstream_failed or an answer without an end', async () => {
      const bad = expect.objectContaining({ code: 'upstream_failed' }) as unknown;
      for (const type of ['garbage', 'wrong_type'] as const) {
        vendor.mode = { type };
        const result: unknown = await collect(provider).catch((error: unknown) => error);
        expect([[], bad]).toContainEqual(result);
      }
    });

    it('gives what came before a cut and then an error', async () => {
      vendor.mode = { type: 'cut' };
      const parts: ChatPart[] = [];
      const reading = (async () => {
        for await (const part of ask(provider, request(), never)) parts.push(part);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'upstream_failed' });
      expect(textOf(parts)).toMatch(/^Bonjour/);
    });

    it('closes the socket of an answer nobody wants any more', async () => {
      vendor.mode = { type: 'stall' };
      const controller = new AbortController();
      const reading = (async () => {
        for await (const part of ask(provider, request(), controller.signal))
          if (part.type === 'text') controller.abort();
      })();
      await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
      expect(await vendor.requests.at(-1)?.outcome).toBe('closed');
    });

    it('turns a closed port into upstream_failed', async () => {
      await vendor[Symbol.asyncDispose]();
      await expect(collect(provider)).rejects.toMatchObject({ code: 'upstream_failed' });
    });

    it('hands on the calls of tools in pieces that join to JSON', async () => {
      vendor.chat = {
        words: [],
        finish: 'tool_calls',
        toolCalls: [
          { id: 'abcdefgh1', name: 'find_slots', arguments: '{"day":"mardi"}' },
          { id: 'abcdefgh2', name: 'find_slots', arguments: '{"day":"jeudi"}' },
        ],
      };
      const parts = await collect(provider, request({ tools }));
      for (const index of [0, 1]) {
        const pieces = parts.flatMap((part) => (part.type === 'tool_call' && part.index === index ? [part] : []));
        expect(pieces[0]).toMatchObject({ id: `abcdefgh${index + 1}`, name: 'find_slots' });
        const text = pieces.map((piece) => piece.arguments ?? '').join('');
        expect(JSON.parse(text)).toEqual({ day: ['mardi', 'jeudi'][index] });
      }
      expect(parts.find((part) => part.type === 'finish')).toEqual({ type: 'finish', reason: 'tool_calls' });
      expect(vendor.faults).toEqual([]);
    });

    it('maps an answer that ran out of tokens to length', async () => {
      vendor.chat = { words: ['Il', ' était'], finish: 'length' };
      expect((await collect(provider)).find((part) => part.type === 'finish')).toEqual({
        type: 'finish',
        reason: 'length',
      });
    });
  });
}
