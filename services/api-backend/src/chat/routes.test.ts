import { problemSchema } from '@eloquence/shared/contracts/errors';
import { AppError } from '@eloquence/shared/runtime/errors';
import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { FakeOllama } from '@eloquence/testkit/vendors/ollama';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUTHORIZED, chatsOf, startChatProxy, type ChatProxy, type ChatProxyOptions } from '../testing/chat-proxy.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const opened: ChatProxy[] = [];
async function serve(env: Readonly<Record<string, string>>, options?: ChatProxyOptions): Promise<ChatProxy> {
  const proxy = await startChatProxy(env, options);
  opened.push(proxy);
  return proxy;
}
const messages = [{ role: 'user' as const, content: 'Donnez-moi un conseil' }];

describe('the LLM proxy', () => {
  let vendor: FakeMistral;
  let settings: Record<string, string>;
  beforeEach(async () => {
    vendor = await new FakeMistral().listen();
    settings = { MISTRAL_API_KEY: vendor.apiKey, MISTRAL_BASE_URL: vendor.url };
  });
  afterEach(async () => {
    for (const proxy of opened.splice(0)) await proxy[Symbol.asyncDispose]();
    await vendor[Symbol.asyncDispose]();
  });

  it('streams to a stock OpenAI client, with usage when it is asked for', async () => {
    const { client, chat } = await serve(settings);
    const stream = await client.chat.completions.create({
      model: 'talk',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      'Bonjour, parlons de votre entretien.',
    );
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) as number } });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chat.engine()).toMatchObject({ id: 'mistral/mistral-small-latest', demo: false });
    expect(vendor.faults).toEqual([]);
  });

  it('leaves usage out of a stream that did not ask, and ends it with [DONE]', async () => {
    const { ask } = await serve(settings);
    const response = await ask({ messages, stream: true });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const text = await response.text();
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(text).not.toContain('usage');
  });

  it('answers in one piece, with calls of tools', async () => {
    vendor.chat = {
      words: [],
      finish: 'tool_calls',
      toolCalls: [{ id: 'abcdefgh1', name: 'find_slots', arguments: '{"day":"mardi"}' }],
    };
    const { client, metrics } = await serve(settings);
    const tools = [{ type: 'function' as const, function: { name: 'find_slots' } }];
    const completion = await client.chat.completions.create({ model: 'talk', messages, tools });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: null,
        tool_calls: [{ id: 'abcdefgh1', function: { name: 'find_slots', arguments: '{"day":"mardi"}' } }],
      },
    });
    const exported = await metrics();
    expect(exported).toContain('eloquence_llm_requests_total{provider="mistral",outcome="ok"} 1');
    const prompt = String(completion.usage?.prompt_tokens);
    expect(exported).toContain(`eloquence_llm_tokens_total{provider="mistral",direction="in"} ${prompt}`);
  });

  it('refuses callers without the key, and bodies without messages', async () => {
    const { ask } = await serve(settings);
    expect((await ask({ messages }, { headers: { 'content-type': 'application/json' } })).status).toBe(401);
    const response = await ask({ messages: [] });
    expect(response.status).toBe(400);
    expect(problemSchema.parse(await response.json()).code).toBe('invalid_request');
  });

  it('says what it does not take, and asks no model', async () => {
    const { ask } = await serve(settings);
    const told = async (body: object) => problemSchema.parse(await (await ask({ messages, ...body })).json()).detail;
    expect(await told({ n: 2 })).toContain('one answer per request');
    expect(await told({ model: 'mistral/x\u0000y' })).toContain('control characters');
    expect(await told({ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] })).toContain(
      'text, or parts of type text; images and sound are not supported',
    );
    expect(chatsOf(vendor)).toEqual([]);
  });

  it('answers with a model whose name no header can hold', async () => {
    vendor.models = ['模型'];
    const { ask } = await serve(settings);
    const response = await ask({ model: 'mistral/模型', messages });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-eloquence-engine')).toBe('mistral/%E6%A8%A1%E5%9E%8B');
  });

  it('asks the ledger first, and puts what an answer cost on the account', async () => {
    const { ask, ledger } = await serve(settings);
    await (await ask({ model: 'judge', messages })).text();
    expect(ledger.admitted).toEqual([{ tenant: 'test', purpose: 'judge' }]);
    expect(ledger.entries).toMatchObject([
      { caller: { purpose: 'judge' }, provider: 'mistral', model: 'mistral-small-latest', estimated: false },
    ]);
    ledger.refusal = new AppError('quota_exceeded', 'The quota of today is used up.');
    expect((await ask({ messages })).status).toBe(429);
    expect(chatsOf(vendor)).toHaveLength(1);
  });

  it('marks the turns of a session as one, so that the model may keep what it has read', async () => {
    const { ask } = await serve(settings);
    const turn = (sessionId: string) => ask({ messages }, { headers: { ...AUTHORIZED, 'x-session-id': sessionId } });
    for (const session of ['ses_one', 'ses_one', 'ses_two']) await (await turn(session)).text();
    const keys = chatsOf(vendor).map(({ body }) => (body as { prompt_cache_key?: string }).prompt_cache_key);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('answers a failure before the first token with a problem body and keeps the real model', async () => {
    const { ask, chat } = await serve(settings);
    vendor.mode = { type: 'error', status: 500 };
    const failed = await ask({ messages, stream: true });
    expect(failed.status).toBe(502);
    expect(problemSchema.parse(await failed.json())).toMatchObject({ code: 'upstream_failed', fault: 'upstream' });
    expect(chat.engine().demo).toBe(false);
  });

  it('leaves a model alone that has said until when', async () => {
    const { ask } = await serve(settings);
    vendor.mode = { type: 'rate_limited', retryAfterS: 7 };
    for (let time = 0; time < 2; time += 1) {
      const limited = await ask({ messages, stream: true });
      expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    }
    expect(chatsOf(vendor)).toHaveLength(1);
  });

  it('ends a stream that broke with an error event and no [DONE]', async () => {
    const { ask, client } = await serve(settings);
    vendor.mode = { type: 'cut' };
    const text = await (await ask({ messages, stream: true })).text();
    expect(text).toContain('Bonjour');
    expect(text).not.toContain('[DONE]');
    expect(JSON.parse(text.trim().split('\n\n').at(-1)?.slice(6) ?? '')).toMatchObject({
      error: { code: 'upstream_failed' },
    });
    const stream = await client.chat.completions.create({ model: 'talk', messages, stream: true });
    await expect(collect(stream)).rejects.toThrow(/broke off/);
  });

  it('gives up on a model that does not begin in time', async () => {
    const { ask } = await serve(settings, { limits: { aloneFirstTokenMs: 80 } });
    vendor.mode = { type: 'slow', delayMs: 5_000 };
    const response = await ask({ messages, stream: true });
    expect(response.status).toBe(504);
    expect(await chatsOf(vendor).at(-1)?.outcome).toBe('closed');
  });

  it('gives up on a model that falls silent in the middle', async () => {
    const { ask } = await serve(settings, { limits: { aloneIdleMs: 80 } });
    vendor.mode = { type: 'stall' };
    expect(await (await ask({ messages, stream: true })).text()).toContain('upstream_timeout');
    expect(await chatsOf(vendor).at(-1)?.outcome).toBe('closed');
  });

  it('hangs up on the model when the caller hangs up, before and after the first token', async () => {
    const { ask, ledger, metrics } = await serve(settings);
    for (const mode of [{ type: 'slow', delayMs: 5_000 }, { type: 'stall' }] as const) {
      vendor.mode = mode;
      const count = chatsOf(vendor).length;
      const controller = new AbortController();
      const asking = ask({ messages, stream: true }, { signal: controller.signal }).then((response) => response.text());
      asking.catch(() => undefined);
      await expect.poll(() => chatsOf(vendor).length).toBe(count + 1);
      controller.abort();
      expect(await chatsOf(vendor).at(-1)?.outcome).toBe('closed');
    }
    // What was begun is paid for.
    await expect.poll(() => ledger.entries.map(({ estimated }) => estimated)).toEqual([true, true]);
    await expect.poll(metrics).toContain('eloquence_llm_requests_total{provider="mistral",outcome="aborted"} 2');
  });
});

describe('the choice of the model', () => {
  afterEach(async () => {
    for (const proxy of opened.splice(0)) await proxy[Symbol.asyncDispose]();
  });

  it('is the demo coach without keys and without Ollama', async () => {
    const { client, chat } = await serve({});
    expect(chat.engine()).toMatchObject({ id: 'demo-coach', demo: true });
    const completion = await client.chat.completions.create({ model: 'talk', messages });
    expect(completion.choices[0]?.message.content).toMatch(/conseil/i);
    const names = (await client.models.list()).data.map((model) => model.id);
    expect(names).toEqual(['talk', 'summarise', 'synthesise', 'judge', 'demo/demo-coach']);
  });

  it.each([{}, { LLM_PROVIDER: 'demo' }, { LLM_SUMMARISE: 'demo', LLM_SYNTHESISE: 'demo', LLM_JUDGE: 'demo' }])(
    'is nobody for notes and judgements where only the demo coach could write them (%o)',
    async (env) => {
      const { ask, chat, ledger } = await serve(env);
      for (const model of ['summarise', 'synthesise', 'judge']) {
        const response = await ask({ model, messages });
        expect(response.status).toBe(503);
        const problem = problemSchema.parse(await response.json());
        expect(problem).toMatchObject({ code: 'unavailable', fault: 'us' });
        expect(problem.detail).toMatch(/demonstration coach.*MISTRAL_API_KEY.*Ollama/);
      }
      expect((await ask({ messages })).status).toBe(200);
      expect(ledger.entries.map(({ caller }) => caller.purpose)).toEqual(['talk']);
      expect(await chat.summary()).toContain('no model for summarise, synthesise, judge');
    },
  );

  it('is Ollama when it answers at start, with the first model it lists', async () => {
    await using ollama = await new FakeOllama().listen();
    const { chat } = await serve({ OLLAMA_URL: ollama.url });
    expect(chat.engine()).toMatchObject({ id: 'ollama/qwen3:4b', demo: false });
  });

  it('becomes Ollama when that is started later', async () => {
    await using ollama = await new FakeOllama().listen();
    ollama.models = [];
    const { client, chat } = await serve({ OLLAMA_URL: ollama.url }, { probeEveryMs: 0 });
    expect(chat.engine().demo).toBe(true);
    ollama.models = ['mistral:7b'];
    await client.chat.completions.create({ model: 'talk', messages });
    await expect.poll(() => chat.engine().id).toBe('ollama/mistral:7b');
  });

  it('names the fix when Ollama is asked for and is not there', async () => {
    const { ask } = await serve({ LLM_PROVIDER: 'ollama' });
    const response = await ask({ messages });
    expect(response.status).toBe(502);
    expect(problemSchema.parse(await response.json()).detail).toMatch(/ollama pull/);
  });

  it('prefers Mistral, then OpenAI, and takes the one that is named', async () => {
    const keys = { MISTRAL_API_KEY: 'm', OPENAI_API_KEY: 'o' };
    expect((await serve(keys)).chat.engine().id).toMatch(/^mistral/);
    expect((await serve({ OPENAI_API_KEY: 'o' })).chat.engine().id).toMatch(/^openai/);
    expect((await serve({ ...keys, LLM_PROVIDER: 'openai' })).chat.engine().id).toMatch(/^openai/);
    expect((await serve({ ...keys, LLM_PROVIDER: 'demo' })).chat.engine().id).toBe('demo-coach');
    await expect(serve({ LLM_PROVIDER: 'mistral' })).rejects.toThrow(/MISTRAL_API_KEY/);
  });
});
