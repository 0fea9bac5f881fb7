import { problemSchema } from '@eloquence/shared/contracts/errors';
import { readinessSchema } from '@eloquence/shared/contracts/engine';
import type { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import type { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chatsOf, readStream } from '../../testing/chat-proxy.ts';
import { TwoModels } from '../../testing/two-models.ts';

const messages = [{ role: 'user' as const, content: 'Donnez-moi un conseil' }];
const question = { model: 'talk', messages, stream: true };

let mistral: FakeMistral;
let openai: FakeOpenAi;
let models: TwoModels;
const serve = (...settings: Parameters<TwoModels['serve']>) => models.serve(...settings);

beforeEach(async () => {
  models = await TwoModels.open();
  ({ mistral, openai } = models);
  mistral.chat = { words: ['Je suis', ' Mistral.'], finish: 'stop' };
  openai.chat = { words: ['Je suis', ' OpenAI.'], finish: 'stop' };
});
afterEach(async () => {
  await models[Symbol.asyncDispose]();
});

describe('before the first token', () => {
  test.each([
    { type: 'error', status: 500 },
    { type: 'error', status: 401 },
    { type: 'error', status: 404 },
    { type: 'rate_limited', retryAfterS: 5 },
    { type: 'garbage' },
    { type: 'wrong_type' },
  ] as const)('the next model answers after $type $status', async (mode) => {
    const { ask, metrics, ledger } = await serve();
    mistral.mode = mode;
    const response = await ask(question);
    expect(response.headers.get('x-eloquence-engine')).toBe('openai/gpt-4o-mini');
    const answer = await readStream(response);
    expect(answer).toMatchObject({ text: 'Je suis OpenAI.', finishes: ['stop'], isDone: true });
    expect(await metrics()).toContain('eloquence_llm_failovers_total{from="mistral",to="openai",stage="start"} 1');
    // Refusals cost nothing.
    expect(ledger.entries.map(({ provider }) => provider)).toEqual(['openai']);
  });

  test('the next model answers when the first cannot be reached', async () => {
    const { ask } = await serve({ MISTRAL_BASE_URL: 'http://127.0.0.1:9' });
    expect((await readStream(await ask(question))).text).toBe('Je suis OpenAI.');
  });

  test('a model that is late is given up, and its socket closed', async () => {
    const { ask, ledger } = await serve({ LLM_FIRST_TOKEN_MS: '250' });
    mistral.mode = { type: 'slow', delayMs: 10_000 };
    const startedMs = performance.now();
    expect((await readStream(await ask(question))).text).toBe('Je suis OpenAI.');
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(await chatsOf(mistral)[0]?.outcome).toBe('closed');
    // It may have been billed, so it counts.
    expect(ledger.entries).toMatchObject([
      { provider: 'mistral', estimated: true, usage: { completion_tokens: 0 } },
      { provider: 'openai', estimated: false },
    ]);
  });

  test('a model that is slow but steady gets more time than the setting', async () => {
    const { ask } = await serve({ LLM_FIRST_TOKEN_MS: '200' }, { firstProbeMs: 10 });
    mistral.mode = { type: 'slow', delayMs: 300 };
    expect((await readStream(await ask(question))).text).toBe('Je suis OpenAI.');
    await expect
      .poll(async () => (await readStream(await ask(question))).text, { timeout: 10_000 })
      .toBe('Je suis Mistral.');
  });

  test('what one model refuses as senseless is tried on the next, and is the fault of the caller when all refuse it', async () => {
    const { ask } = await serve();
    mistral.mode = { type: 'error', status: 422 };
    expect((await readStream(await ask(question))).text).toBe('Je suis OpenAI.');
    openai.mode = { type: 'error', status: 400 };
    const response = await ask(question);
    expect(response.status).toBe(400);
    expect(problemSchema.parse(await response.json())).toMatchObject({ fault: 'caller', retryable: false });
    mistral.mode = { type: 'ok' };
    expect((await readStream(await ask(question))).text).toBe('Je suis Mistral.');
  });

  test('when all fail, the error is that of the first and tells of the others', async () => {
    const { ask } = await serve();
    mistral.mode = { type: 'rate_limited', retryAfterS: 9 };
    openai.mode = { type: 'error', status: 401 };
    const response = await ask(question);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '9']);
    expect(problemSchema.parse(await response.json()).detail).toMatch(/Mistral takes no more.*OpenAI refused the key/);
  });

  test('a one-piece answer begins anew with the next model when the first breaks off', async () => {
    const { client, ledger } = await serve();
    mistral.mode = { type: 'cut' };
    const completion = await client.chat.completions.create({ model: 'talk', messages });
    expect(completion.choices[0]?.message.content).toBe('Je suis OpenAI.');
    expect(ledger.entries.map(({ provider, estimated }) => [provider, estimated])).toEqual([
      ['mistral', true],
      ['openai', false],
    ]);
    const billed = ledger.entries.map(({ usage }) => usage.total_tokens);
    expect(completion.usage?.total_tokens).toBe((billed[0] ?? 0) + (billed[1] ?? 0));
  });
});

describe('a model that is away', () => {
  test('is not asked again until it answers its probe, then gets its place back', async () => {
    const { ask } = await serve({}, { firstProbeMs: 50 });
    mistral.mode = { type: 'error', status: 500 };
    for (let time = 0; time < 5; time += 1) await readStream(await ask(question));
    expect(chatsOf(mistral)).toHaveLength(2);
    mistral.mode = { type: 'ok' };
    await expect.poll(async () => (await readStream(await ask(question))).text).toBe('Je suis Mistral.');
  });

  test('is left alone for as long as it has asked to be', async () => {
    const { ask } = await serve({}, { firstProbeMs: 20 });
    mistral.mode = { type: 'rate_limited', retryAfterS: 1 };
    const startedMs = performance.now();
    await readStream(await ask(question));
    mistral.mode = { type: 'ok' };
    await expect
      .poll(async () => (await readStream(await ask(question))).text, { timeout: 5_000 })
      .toBe('Je suis Mistral.');
    expect(performance.now() - startedMs).toBeGreaterThan(990);
  });

  test('is known from the start, with the fix, and calls go on', async () => {
    const { ask, url } = await serve({ MISTRAL_API_KEY: 'wrong' });
    const ready = await fetch(`${url}/ready`);
    expect(ready.status).toBe(200);
    const { checks, engine } = readinessSchema.parse(await ready.json());
    expect(checks).toMatchObject([{ name: 'model', ok: true }]);
    expect(checks[0]?.detail).toMatch(/^openai\/gpt-4o-mini answers; mistral\/\S+ is away: .*MISTRAL_API_KEY/);
    expect(engine).toMatchObject({ id: 'openai/gpt-4o-mini' });
    expect(engine?.fault).toMatch(/MISTRAL_API_KEY/);
    expect((await readStream(await ask(question))).text).toBe('Je suis OpenAI.');
    expect(chatsOf(mistral)).toHaveLength(0);
  });

  test('and is the only one: the service is ready all the same, and says what is wrong', async () => {
    const { url } = await serve({ MISTRAL_API_KEY: 'wrong', LLM_PROVIDER: 'mistral' });
    const ready = await fetch(`${url}/ready`);
    expect(ready.status).toBe(200);
    const { status, checks, engine } = readinessSchema.parse(await ready.json());
    expect(status).toBe('ready');
    expect(checks).toMatchObject([{ name: 'model', ok: false }]);
    expect(checks[0]?.detail).toMatch(/refused the key/);
    expect(engine?.fault).toMatch(/MISTRAL_API_KEY/);
  });

  test.each([
    ['openai/gpt-4o-mini answers; ', 'auto', 'OpenAI'],
    ['', 'mistral', 'refused the key'],
  ])('by its key stays known, though its list is open, until it has answered: %j', async (others, provider, first) => {
    const { ask, url } = await serve({ LLM_PROVIDER: provider }, { firstProbeMs: 20 });
    const model = 'mistral/mistral-small-latest';
    const readiness = async () => readinessSchema.parse(await (await fetch(`${url}/ready`)).json());
    const detail = async () => (await readiness()).checks[0]?.detail;
    mistral.mode = { type: 'error', status: 401 };
    expect(await (await ask(question)).text()).toContain(first);
    mistral.mode = { type: 'ok' };
    await expect.poll(detail).toBe(`${others}${model} is on trial: Mistral refused the key. Check MISTRAL_API_KEY.`);
    expect((await readiness()).engine?.fault).toContain('Check MISTRAL_API_KEY.');
    expect((await readStream(await ask(question))).text).toBe('Je suis Mistral.');
    const spares = provider === 'auto' ? '; spare: openai/gpt-4o-mini' : '';
    expect(await detail()).toBe(`${model} answers${spares}`);
    expect((await readiness()).engine?.fault).toBeUndefined();
  });

  test('is asked all the same when nobody else is there', async () => {
    const { ask } = await serve({ LLM_PROVIDER: 'mistral' }, { firstProbeMs: 60_000 });
    mistral.mode = { type: 'error', status: 500 };
    for (let time = 0; time < 3; time += 1) expect((await ask(question)).status).toBe(502);
    mistral.mode = { type: 'ok' };
    expect((await readStream(await ask(question))).text).toBe('Je suis Mistral.');
  });
});

test('in an outage of all, extra calls are a fifth of the requests and ten more', async () => {
  const { ask } = await serve({}, { firstProbeMs: 60_000 });
  mistral.mode = { type: 'error', status: 500 };
  openai.mode = { type: 'error', status: 500 };
  const requests = 60;
  for (let time = 0; time < requests; time += 1) expect((await ask(question)).status).toBe(502);
  const calls = chatsOf(mistral).length + chatsOf(openai).length;
  expect(calls).toBeGreaterThanOrEqual(requests);
  expect(calls).toBeLessThanOrEqual(requests * 1.2 + 10);
});

test('upstream is hung up on within 10 ms of the caller leaving', async () => {
  const { ask } = await serve();
  const times: number[] = [];
  for (let time = 0; time < 10; time += 1) {
    mistral.mode = { type: 'stall' };
    const before = chatsOf(mistral).length;
    const leaving = new AbortController();
    const response = await ask(question, { signal: leaving.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    const leftMs = performance.now();
    leaving.abort();
    expect(await chatsOf(mistral)[before]?.outcome).toBe('closed');
    times.push(performance.now() - leftMs);
  }
  // The fake, the proxy and the caller share one processor with other tests, so most of the time is theirs.
  expect(Math.min(...times)).toBeLessThanOrEqual(10);
});
