import type { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import type { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AUTHORIZED, chatsOf, readStream } from '../../testing/chat-proxy.ts';
import { TwoModels } from '../../testing/two-models.ts';

const messages = [{ role: 'user' as const, content: 'Donnez-moi un conseil' }];
const question = { model: 'talk', messages, stream: true };
const SENSELESS = { ...question, messages: [{ role: 'user' as const, content: 'senseless' }] };
const as = (tenant: string) => ({ headers: { ...AUTHORIZED, 'x-test-tenant': tenant } });

let mistral: FakeMistral;
let openai: FakeOpenAi;
let models: TwoModels;
const serve = (...settings: Parameters<TwoModels['serve']>) => models.serve(...settings);
const textOf = async (response: Promise<Response>): Promise<string> => (await readStream(await response)).text;

beforeEach(async () => {
  models = await TwoModels.open();
  ({ mistral, openai } = models);
  mistral.chat = { words: ['Je suis', ' Mistral', ' ici', '.'], finish: 'stop' };
  openai.chat = { words: ['Je suis', ' OpenAI.'], finish: 'stop' };
});
afterEach(async () => {
  await models[Symbol.asyncDispose]();
});

describe('what one caller does leaves the others alone:', () => {
  test('senseless requests spend nothing that failover needs', async () => {
    const { ask } = await serve();
    for (const vendor of [mistral, openai]) vendor.mode = { type: 'error', status: 400 };
    for (let time = 0; time < 16; time += 1) expect((await ask(SENSELESS)).status).toBe(400);
    mistral.mode = { type: 'cut' };
    openai.mode = { type: 'ok' };
    openai.chat = { words: ['ici', ' même.'], finish: 'stop' };
    expect(await readStream(await ask(question))).toMatchObject({ text: 'Je suis Mistral ici même.', isDone: true });
  });

  test('an outage that one tenant meets leaves the others their extra calls', async () => {
    const { ask } = await serve({}, { firstProbeMs: 60_000 });
    for (const vendor of [mistral, openai]) vendor.mode = { type: 'error', status: 500 };
    for (let time = 0; time < 16; time += 1) expect((await ask(question, as('one'))).status).toBe(502);
    openai.mode = { type: 'ok' };
    // Both are away, and the first still fails.
    expect((await ask(question, as('one'))).status).toBe(502);
    expect(await textOf(ask(question, as('other')))).toBe('Je suis OpenAI.');
  });

  test.each([
    { type: 'rate_limited', retryAfterS: 60 },
    { type: 'error', status: 403 },
    { type: 'error', status: 500 },
  ] as const)('a model that only one asks for may fail ($type $status)', async (mode) => {
    const { ask, url } = await serve({}, { firstProbeMs: 60_000 });
    mistral.mode = mode;
    for (let time = 0; time < 3; time += 1)
      expect((await ask({ ...question, model: 'mistral/exotic-model' })).ok).toBe(false);
    mistral.mode = { type: 'ok' };
    expect(await textOf(ask(question))).toBe('Je suis Mistral ici.');
    expect(await (await fetch(`${url}/ready`)).text()).toContain('mistral/mistral-small-latest answers');
  });

  test('a model that a purpose names is away without the others of its provider', async () => {
    const { ask } = await serve({ LLM_SUMMARISE: 'mistral/mistral-large-latest,openai' }, { firstProbeMs: 60_000 });
    const summary = { ...question, model: 'summarise' };
    mistral.mode = { type: 'error', status: 500 };
    for (let time = 0; time < 3; time += 1) expect(await textOf(ask(summary))).toBe('Je suis OpenAI.');
    // The third did not ask it any more.
    expect(chatsOf(mistral)).toHaveLength(2);
    mistral.mode = { type: 'ok' };
    expect(await textOf(ask(summary))).toBe('Je suis OpenAI.');
    expect(await textOf(ask(question))).toBe('Je suis Mistral ici.');
  });

  test('a long answer of a model that is back keeps nobody else from it', async () => {
    const { ask } = await serve({}, { firstProbeMs: 30 });
    mistral.mode = { type: 'error', status: 500 };
    for (let time = 0; time < 2; time += 1) expect(await textOf(ask(question))).toBe('Je suis OpenAI.');
    mistral.mode = { type: 'stall', afterPieces: 3 };
    const leaving = new AbortController();
    const first = async () => {
      const response = await ask(question, { signal: leaving.signal });
      const engine = response.headers.get('x-eloquence-engine');
      if (engine?.startsWith('openai')) await response.text();
      return engine;
    };
    // It is on trial, and is asked for an answer without end.
    await expect.poll(first, { timeout: 5_000 }).toMatch(/^mistral/);
    mistral.mode = { type: 'ok' };
    expect(await textOf(ask(question))).toBe('Je suis Mistral ici.');
    leaving.abort();
  });
});
