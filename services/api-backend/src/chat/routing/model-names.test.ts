import { problemSchema } from '@eloquence/shared/contracts/errors';
import type { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import type { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chatsOf } from '../../testing/chat-proxy.ts';
import { TwoModels } from '../../testing/two-models.ts';

const messages = [{ role: 'user' as const, content: 'Donnez-moi un conseil' }];

let mistral: FakeMistral;
let openai: FakeOpenAi;
let models: TwoModels;
const serve = (...settings: Parameters<TwoModels['serve']>) => models.serve(...settings);
const modelsAsked = (vendor: FakeMistral | FakeOpenAi) =>
  chatsOf(vendor).map(({ body }) => (body as { readonly model: string }).model);

beforeEach(async () => {
  models = await TwoModels.open();
  ({ mistral, openai } = models);
  mistral.models = ['mistral-small-latest', 'mistral-large-latest', 'shared-name'];
  openai.models = ['gpt-4o-mini', 'gpt-4o', 'shared-name'];
});
afterEach(async () => {
  await models[Symbol.asyncDispose]();
});

describe('a purpose', () => {
  test('means the first real provider until configured', async () => {
    const { client } = await serve();
    for (const model of ['talk', 'summarise', 'synthesise', 'judge']) {
      const completion = await client.chat.completions.create({ model, messages });
      expect(completion.model).toBe('mistral/mistral-small-latest');
    }
  });

  test('means the models of its setting, in order', async () => {
    const { client } = await serve({ LLM_SUMMARISE: 'openai/gpt-4o, mistral/mistral-large-latest' });
    const summary = () => client.chat.completions.create({ model: 'summarise', messages });
    expect((await summary()).model).toBe('openai/gpt-4o');
    openai.mode = { type: 'error', status: 500 };
    expect((await summary()).model).toBe('mistral/mistral-large-latest');
    expect((await client.chat.completions.create({ model: 'talk', messages })).model).toMatch(/small/);
  });

  test('goes on with everybody else where its setting ends with auto', async () => {
    const { client } = await serve({ LLM_JUDGE: 'openai/gpt-4o,auto' });
    openai.mode = { type: 'error', status: 500 };
    const completion = await client.chat.completions.create({ model: 'judge', messages });
    expect(completion.model).toBe('mistral/mistral-small-latest');
  });

  test('is kept to the one provider that LLM_PROVIDER names', async () => {
    const { ask } = await serve({ LLM_PROVIDER: 'openai' });
    openai.mode = { type: 'error', status: 500 };
    expect((await ask({ model: 'talk', messages })).status).toBe(502);
    expect(chatsOf(mistral)).toHaveLength(0);
  });

  test('never falls back from a real model to the demo coach', async () => {
    const { ask } = await serve({ MISTRAL_API_KEY: 'wrong', OPENAI_API_KEY: 'wrong' });
    expect((await ask({ model: 'talk', messages })).status).toBe(502);
  });
});

describe("a model's name", () => {
  test.each([
    ['openai/gpt-4o', 'openai', 'gpt-4o'],
    ['openai', 'openai', 'gpt-4o-mini'],
    ['gpt-4o-mini', 'openai', 'gpt-4o-mini'],
    ['gpt-4o', 'openai', 'gpt-4o'],
    ['mistral-large-latest', 'mistral', 'mistral-large-latest'],
    ['shared-name', 'mistral', 'shared-name'],
  ])('%s is asked of %s', async (name, provider, model) => {
    const { client } = await serve();
    const completion = await client.chat.completions.create({ model: name, messages });
    expect(completion.model).toBe(name);
    expect(modelsAsked(provider === 'openai' ? openai : mistral)).toEqual([model]);
  });

  test('that means one model is answered by no other', async () => {
    const { ask } = await serve();
    openai.mode = { type: 'error', status: 500 };
    expect((await ask({ model: 'openai/gpt-4o', messages })).status).toBe(502);
    expect(chatsOf(mistral)).toHaveLength(0);
  });

  test('that nobody knows is refused with the names there are', async () => {
    const { ask } = await serve();
    for (const model of ['gpt-9', 'azure/gpt-4o', 'chat']) {
      const response = await ask({ model, messages });
      expect(response.status).toBe(404);
      const problem = problemSchema.parse(await response.json());
      expect(problem.code).toBe('unknown_model');
      expect(problem.detail).toMatch(/talk, summarise, synthesise, judge, mistral\/mistral-small-latest/);
    }
  });

  test('is passed to a provider whose list cannot be had', async () => {
    const { ask } = await serve({ LLM_PROVIDER: 'openai', MISTRAL_API_KEY: 'wrong' });
    const response = await ask({ model: 'mistral-next', messages });
    expect(problemSchema.parse(await response.json()).detail).toMatch(/Mistral refused the key/);
  });
});

describe('the list of models', () => {
  test('has purposes, then what they mean, then all that the providers list', async () => {
    const { client } = await serve({ LLM_PROVIDER: 'auto' });
    const names = (await client.models.list()).data.map(({ id }) => id);
    expect(names.slice(0, 6)).toEqual([
      'talk',
      'summarise',
      'synthesise',
      'judge',
      'mistral/mistral-small-latest',
      'openai/gpt-4o-mini',
    ]);
    expect(names).toContain('openai/gpt-4o');
    expect(names).toContain('mistral/mistral-large-latest');
    expect(new Set(names).size).toBe(names.length);
  });

  test('does not wait for a slow provider', async () => {
    const { client } = await serve({}, { listMs: 150 });
    mistral.mode = { type: 'slow', delayMs: 10_000 };
    const startedMs = performance.now();
    const names = (await client.models.list()).data.map(({ id }) => id);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(names).toContain('openai/gpt-4o');
    expect(names).toContain('mistral/mistral-small-latest');
    expect(names).not.toContain('mistral/mistral-large-latest');
  });

  test('tells of one model by any of its names', async () => {
    const { client } = await serve();
    expect(await client.models.retrieve('talk')).toMatchObject({ id: 'talk', owned_by: 'eloquence' });
    expect(await client.models.retrieve('openai/gpt-4o')).toMatchObject({ id: 'openai/gpt-4o', owned_by: 'openai' });
    expect(await client.models.retrieve('gpt-4o')).toMatchObject({ id: 'gpt-4o', owned_by: 'openai' });
    await expect(client.models.retrieve('gpt-9')).rejects.toThrow(/404/);
  });
});

describe('settings that cannot work', () => {
  test.each([
    [{ LLM_TALK: 'anthropic/claude' }, /LLM_TALK: anthropic needs ANTHROPIC_API_KEY/],
    [
      { LLM_JUDGE: 'mistral,azure/gpt-4o' },
      /LLM_JUDGE: there is no provider "azure"; use auto or any of mistral, openai/,
    ],
    [{ LLM_SUMMARISE: 'mistral,demo' }, /LLM_SUMMARISE: the demo coach takes over from no model/],
    [{ LLM_SYNTHESISE: ' , ' }, /LLM_SYNTHESISE: names no model/],
    [{ LLM_TALK: 'groq', GROQ_API_KEY: 'k' }, /LLM_TALK: groq has no model of its own here; write groq\/<model>/],
  ])('%o are refused at the start with the fix', async (more, message) => {
    await expect(serve(more)).rejects.toThrow(message);
  });
});
