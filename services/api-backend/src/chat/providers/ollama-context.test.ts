import { FakeOllama } from '@eloquence/testkit/vendors/ollama';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatProvider } from './provider.ts';
import { collect, openProvider, requestFor, textOf } from './test-support/chat-vendors.ts';

const MODEL = 'qwen3:4b';

describe('Ollama and what is longer than its context', () => {
  let vendor: FakeOllama;
  let provider: ChatProvider;
  beforeEach(async () => {
    vendor = await new FakeOllama().listen();
    provider = await openProvider('ollama', { LLM_PROVIDER: 'ollama', OLLAMA_URL: vendor.url });
  });
  afterEach(() => vendor[Symbol.asyncDispose]());

  const chats = () => vendor.requests.filter(({ path }) => path === '/v1/chat/completions');
  const ask = (letters: number, more: Record<string, unknown> = {}) => ({
    ...requestFor(provider, {
      messages: [
        { role: 'system', content: 'Prends des notes.' },
        { role: 'user', content: 'mot '.repeat(letters / 4) },
      ],
      max_tokens: 4_096,
      ...more,
    }),
    whole: true,
  });

  it('refuses what the model would drop the beginning of, and does not ask it', async () => {
    await expect(collect(provider, ask(12_000))).rejects.toMatchObject({
      code: 'payload_too_large',
      message: expect.stringContaining('OLLAMA_CONTEXT_LENGTH') as string,
    });
    expect(chats()).toEqual([]);
  });

  it('asks what fits, and lets the answer be as long as there is room', async () => {
    expect(textOf(await collect(provider, ask(6_000)))).not.toBe('');
    const { max_tokens: limit } = (chats()[0]?.body ?? {}) as { readonly max_tokens?: number };
    expect(limit).toBeGreaterThan(1_024);
    expect(limit).toBeLessThan(4_096 - 6_000 / 4);
    // What is short enough stays as it was asked.
    await collect(provider, ask(400, { max_tokens: 200 }));
    expect(chats()[1]?.body).toMatchObject({ max_tokens: 200 });
  });

  it('takes the context that the model runs with, and loads it first where it does not run', async () => {
    vendor.contextLength = 32_768;
    expect(vendor.loaded.size).toBe(0);
    await collect(provider, ask(12_000));
    expect([...vendor.loaded]).toEqual([MODEL]);
    await collect(provider, ask(12_000));
    expect(vendor.requests.filter(({ path }) => path === '/api/generate')).toHaveLength(1);
    expect(chats()).toHaveLength(2);
    expect(vendor.faults).toEqual([]);
  });

  it('is careful with an Ollama that does not say', async () => {
    vendor.contextLength = undefined;
    await expect(collect(provider, ask(6_000))).rejects.toMatchObject({ code: 'payload_too_large' });
    await collect(provider, ask(2_000));
    expect(chats()).toHaveLength(1);
  });

  it('lets people talk for as long as they like', async () => {
    const { whole: _, ...talk } = ask(40_000);
    expect(textOf(await collect(provider, talk))).not.toBe('');
    expect(vendor.requests.filter(({ path }) => path === '/api/ps')).toEqual([]);
  });

  it('says that it cannot be reached, or does not know the model', async () => {
    await expect(collect(provider, { ...ask(400), model: 'nobody' })).rejects.toMatchObject({ code: 'unknown_model' });
    const request = ask(400);
    await vendor[Symbol.asyncDispose]();
    await expect(collect(provider, request)).rejects.toMatchObject({ code: 'upstream_failed' });
  });
});
