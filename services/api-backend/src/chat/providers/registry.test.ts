import { createLogger } from '@eloquence/shared/runtime/logger';
import { FakeAnthropic } from '@eloquence/testkit/vendors/anthropic';
import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { FakeOllama } from '@eloquence/testkit/vendors/ollama';
import { describe, expect, it } from 'vitest';
import { chatSettings, type ChatEnv } from '../settings.ts';
import { buildProviders } from './registry.ts';
import { collect, finishOf, noKeys, openProvider, requestFor, textOf, usageOf } from './test-support/chat-vendors.ts';

const build = (env: Partial<ChatEnv>) =>
  buildProviders(chatSettings({ ...noKeys, ...env }), createLogger('test', 'silent'));
const ids = async (env: Partial<ChatEnv>) => (await build(env)).map(({ id }) => id);

const allKeys: Partial<ChatEnv> = {
  MISTRAL_API_KEY: 'k',
  OPENAI_API_KEY: 'k',
  ANTHROPIC_API_KEY: 'k',
  GROQ_API_KEY: 'k',
  LLM_REST_URL: 'http://127.0.0.1:1',
  LLM_REST_MODEL: 'm',
};

const groq = async (env: Partial<ChatEnv>) =>
  (await build({ ...allKeys, ...env })).find(({ id }) => id === 'groq')?.defaultModel();

describe('the providers that the settings make', () => {
  it('are all that have what they need, best first, the stand-in last', async () => {
    expect(await ids(allKeys)).toEqual(['mistral', 'openai', 'anthropic', 'groq', 'rest', 'ollama', 'demo']);
    expect(await ids({})).toEqual(['ollama', 'demo']);
  });

  it('have no stand-in among them where a provider is asked for by name', async () => {
    expect(await ids({ ...allKeys, LLM_PROVIDER: 'anthropic' })).toEqual([
      'mistral',
      'openai',
      'anthropic',
      'groq',
      'rest',
    ]);
    expect(await ids({ LLM_PROVIDER: 'demo' })).toEqual(['demo']);
  });

  it('never answer with a Groq key that is there for speech, unless its model is named', async () => {
    expect(await groq({})).toBeUndefined();
    expect(await groq({ GROQ_MODEL: 'llama-3.3-70b-versatile' })).toBe('llama-3.3-70b-versatile');
  });

  it('find an Ollama that is started later, and keep the one they found', async () => {
    await using vendor = await new FakeOllama().listen();
    vendor.models = [];
    const settings = { ...chatSettings({ ...noKeys, OLLAMA_URL: vendor.url }), probeEveryMs: 20 };
    const providers = await buildProviders(settings, createLogger('test', 'silent'));
    const ollama = providers.find(({ id }) => id === 'ollama');
    expect(ollama?.defaultModel()).toBeUndefined();
    await expect(ollama?.check(new AbortController().signal)).rejects.toThrow(/ollama pull/);
    vendor.models = ['mistral:7b', 'qwen3:4b'];
    await expect.poll(() => ollama?.defaultModel()).toBe('mistral:7b');
    const asked = vendor.requests.length;
    vendor.mode = { type: 'error', status: 500 };
    expect(ollama?.defaultModel()).toBe('mistral:7b');
    expect(vendor.requests.length).toBe(asked);
  });
});

describe('Mistral', () => {
  it.each(['/projects/p1', '/projects/p1/v1'])('answers from a host of its models at %s', async (path) => {
    await using vendor = await new FakeMistral().listen();
    vendor.basePath = '/projects/p1';
    const env = { MISTRAL_API_KEY: vendor.apiKey, MISTRAL_BASE_URL: vendor.url + path };
    const provider = await openProvider('mistral', env);
    expect(finishOf(await collect(provider))).toEqual(['stop']);
    await expect(provider.check(new AbortController().signal)).resolves.toBeUndefined();
    expect(vendor.requests.map((request) => request.path)).toEqual([
      '/projects/p1/v1/chat/completions',
      '/projects/p1/v1/models',
    ]);
  });

  it('goes on with an answer that another model began', async () => {
    await using vendor = await new FakeMistral().listen();
    vendor.chat = { words: [' il', ' pleut'], finish: 'stop' };
    const env = { MISTRAL_API_KEY: vendor.apiKey, MISTRAL_BASE_URL: vendor.url };
    const provider = await openProvider('mistral', env);
    expect(provider.continues).toBe(true);
    const messages = [{ role: 'system', content: 'Quel temps ?' }];
    const parts = await collect(provider, requestFor(provider, { messages, continueFrom: 'Demain,' }));
    expect(textOf(parts)).toBe('Demain, il pleut');
    expect(vendor.requests.at(-1)?.body).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user' }, { role: 'assistant', content: 'Demain,', prefix: true }],
    });
    expect(vendor.faults).toEqual([]);
  });

  it('keeps a prompt only under the key of its conversation', async () => {
    await using vendor = await new FakeMistral().listen();
    const env = { MISTRAL_API_KEY: vendor.apiKey, MISTRAL_BASE_URL: vendor.url };
    const provider = await openProvider('mistral', env);
    const cached = async (cacheKey: string) =>
      usageOf(await collect(provider, requestFor(provider, { cacheKey })))[0]?.prompt_tokens_details?.cached_tokens;
    expect([await cached('a'), await cached('b')]).toEqual([0, 0]);
    expect(await cached('a')).toBeGreaterThan(0);
  });
});

describe('Anthropic', () => {
  it('says that it is overloaded when that comes in the middle of an answer', async () => {
    await using vendor = await new FakeAnthropic().listen();
    vendor.errorInStream = 'overloaded_error';
    const env = { ANTHROPIC_API_KEY: vendor.apiKey, ANTHROPIC_BASE_URL: `${vendor.url}/v1` };
    const provider = await openProvider('anthropic', env);
    await expect(collect(provider)).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
  });

  it('does not think first once its list has said that it need not', async () => {
    await using vendor = await new FakeAnthropic().listen();
    const env = { ANTHROPIC_API_KEY: vendor.apiKey, ANTHROPIC_BASE_URL: vendor.url };
    const provider = await openProvider('anthropic', env);
    await collect(provider);
    expect(vendor.requests.at(-1)?.body).not.toHaveProperty('thinking');
    await provider.check(new AbortController().signal);
    await collect(provider);
    expect(vendor.requests.at(-1)?.body).toMatchObject({ thinking: { type: 'disabled' } });
    await collect(provider, requestFor(provider, { model: 'claude-haiku-4-5' }));
    expect(vendor.requests.at(-1)?.body).not.toHaveProperty('thinking');
  });

  it('gives a call without arguments the empty object that its reader expects', async () => {
    await using vendor = await new FakeAnthropic().listen();
    const toolCalls = [{ id: 'toolu_1', name: 'hang_up', arguments: '' }];
    vendor.chat = { words: [], finish: 'tool_calls', toolCalls };
    const env = { ANTHROPIC_API_KEY: vendor.apiKey, ANTHROPIC_BASE_URL: vendor.url };
    const provider = await openProvider('anthropic', env);
    const parts = await collect(provider);
    expect(parts).toContainEqual(expect.objectContaining({ type: 'tool_call', index: 0, arguments: '{}' }));
  });
});
