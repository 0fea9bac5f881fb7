import { FakeAnthropic } from '@eloquence/testkit/vendors/anthropic';
import type { FakeVendor } from '@eloquence/testkit/vendors/fake-vendor';
import type { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { FakeOllama } from '@eloquence/testkit/vendors/ollama';
import type { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chatsOf, readStream } from '../../testing/chat-proxy.ts';
import { TwoModels } from '../../testing/two-models.ts';

const messages = [
  { role: 'system' as const, content: 'Vous êtes un coach.' },
  { role: 'user' as const, content: 'Donnez-moi un conseil' },
];
const question = { model: 'talk', messages, stream: true, stream_options: { include_usage: true } };
/** The fakes break off behind these words of theirs. */
const SAID = 'Bonjour, parlons de votre';

interface AskedBody {
  readonly messages: readonly { readonly role: string; readonly content: string; readonly prefix?: boolean }[];
}

let mistral: FakeMistral;
let openai: FakeOpenAi;
let models: TwoModels;
const serve = (...settings: Parameters<TwoModels['serve']>) => models.serve(...settings);
const bodyOf = (vendor: FakeVendor) => chatsOf(vendor).at(-1)?.body as AskedBody;

beforeEach(async () => {
  models = await TwoModels.open();
  ({ mistral, openai } = models);
  openai.chat = { words: ['entre', 'tien', ' de demain', '.'], finish: 'stop' };
});
afterEach(async () => {
  const faults = [...mistral.faults, ...openai.faults];
  if (faults.length > 0) throw new Error(faults.join('\n'));
  await models[Symbol.asyncDispose]();
});

describe('an answer whose model dies in the middle', () => {
  test('is gone on with by the next, in one stream with one end and one bill', async () => {
    const { ask, ledger, metrics } = await serve();
    mistral.mode = { type: 'cut' };
    const answer = await readStream(await ask(question));
    expect(answer).toMatchObject({
      text: 'Bonjour, parlons de votre entretien de demain.',
      finishes: ['stop'],
      isDone: true,
      error: undefined,
    });
    expect(answer.ids.size).toBe(1);
    expect(await metrics()).toContain('eloquence_llm_failovers_total{from="mistral",to="openai",stage="middle"} 1');
    expect(ledger.entries).toMatchObject([
      { provider: 'mistral', estimated: true, usage: { completion_tokens: 8 } },
      { provider: 'openai', estimated: false },
    ]);
    const billed = ledger.entries.map(({ usage }) => usage.total_tokens);
    expect(answer.usage?.total_tokens).toBe((billed[0] ?? 0) + (billed[1] ?? 0));
  });

  test('the next model is told what was said, behind the same messages', async () => {
    const { ask } = await serve();
    mistral.mode = { type: 'cut' };
    await readStream(await ask(question));
    const asked = bodyOf(openai).messages;
    expect(asked.slice(0, 2)).toEqual(messages);
    expect(asked[2]).toEqual({ role: 'assistant', content: SAID });
    expect(asked[3]).toMatchObject({
      role: 'user',
      content: expect.stringContaining('«Bonjour, parlons de votre»') as string,
    });
  });

  test('goes on by the wire where that can', async () => {
    const { ask } = await serve({ LLM_TALK: 'openai,mistral' });
    openai.chat = { words: ['Bonjour', ', parlons', ' de votre', ' avenir.'], finish: 'stop' };
    openai.mode = { type: 'cut' };
    mistral.chat = { words: [' entretien', '.'], finish: 'stop' };
    const answer = await readStream(await ask(question));
    expect(answer.text).toBe('Bonjour, parlons de votre entretien.');
    expect(bodyOf(mistral).messages.at(-1)).toEqual({ role: 'assistant', content: SAID, prefix: true });
  });

  test('is gone on with by Anthropic, whose turns take turns', async () => {
    await using anthropic = await new FakeAnthropic().listen();
    anthropic.chat = { words: ['votre', ' entretien.'], finish: 'stop' };
    const { ask } = await serve({
      ANTHROPIC_API_KEY: anthropic.apiKey,
      ANTHROPIC_BASE_URL: anthropic.url,
      LLM_TALK: 'mistral,anthropic',
    });
    mistral.mode = { type: 'cut' };
    expect((await readStream(await ask(question))).text).toBe('Bonjour, parlons de votre entretien.');
    expect(anthropic.faults).toEqual([]);
    expect(bodyOf(anthropic).messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  test.each([
    ['the whole answer', ['Bonjour', ', parlons', ' de votre', ' entretien.']],
    ['the last words', ['de', ' votre', ' entretien.']],
    ['nothing', ['entretien.']],
  ])('no word is heard twice when the next repeats %s', async (_what, words) => {
    const { ask } = await serve();
    mistral.mode = { type: 'cut' };
    openai.chat = { words, finish: 'stop' };
    expect((await readStream(await ask(question))).text).toBe('Bonjour, parlons de votre entretien.');
  });

  test.each([
    ['openai,mistral', ['tien', ' de demain.']],
    ['mistral,openai', ['de votre', ' entretien', ' de demain.']],
  ])('a word that was cut in two is whole (%s)', async (order, words) => {
    const { ask } = await serve({ LLM_TALK: order });
    const [first, second] = order === 'openai,mistral' ? [openai, mistral] : [mistral, openai];
    first.chat = { words: ['Bonjour, parlons de votre', ' entre', 'tien', ' de demain.'], finish: 'stop' };
    first.mode = { type: 'cut', afterPieces: 3 };
    second.chat = { words, finish: 'stop' };
    expect((await readStream(await ask(question))).text).toBe('Bonjour, parlons de votre entretien de demain.');
  });

  test('a sentence follows a sentence', async () => {
    const { ask } = await serve();
    mistral.mode = { type: 'cut' };
    openai.chat = { words: ['Commençons', '.'], finish: 'stop' };
    mistral.chat = { words: ['Très', ' bien', '.', ' Alors', ' on y va.'], finish: 'stop' };
    expect((await readStream(await ask(question))).text).toBe('Très bien. Commençons.');
    expect(bodyOf(openai).messages.at(-1)?.content).toContain('Your last sentence was complete');
  });

  test('a silent model is followed soon enough that no gap lasts 3 s', async () => {
    const { ask } = await serve();
    mistral.mode = { type: 'stall' };
    const answer = await readStream(await ask(question));
    expect(answer.text).toBe('Bonjour, parlons de votre entretien de demain.');
    expect(answer.longestGapMs).toBeGreaterThan(1_000);
    expect(answer.longestGapMs).toBeLessThan(3_000);
    expect(await chatsOf(mistral)[0]?.outcome).toBe('closed');
  });

  test('the third goes on when the second dies too', async () => {
    await using ollama = await new FakeOllama().listen();
    ollama.chat = { words: ['entretien', ' de demain.'], finish: 'stop' };
    const { ask } = await serve({ OLLAMA_URL: ollama.url });
    mistral.mode = { type: 'cut' };
    openai.chat = { words: [' beau', ' grand', ' projet', ' x', ' y'], finish: 'stop' };
    openai.mode = { type: 'cut' };
    const answer = await readStream(await ask(question));
    expect(answer).toMatchObject({ finishes: ['stop'], isDone: true });
    expect(answer.text).toBe('Bonjour, parlons de votre beau grand projet x entretien de demain.');
  });

  test('may end with a call of a tool', async () => {
    const { ask } = await serve();
    mistral.mode = { type: 'cut' };
    openai.chat = {
      words: [' entretien.'],
      toolCalls: [{ id: 'call_1', name: 'find_slots', arguments: '{"day":"mardi"}' }],
      finish: 'tool_calls',
    };
    const tools = [{ type: 'function', function: { name: 'find_slots' } }];
    const response = await ask({ ...question, tools });
    const text = await response.text();
    expect(text).toContain('find_slots');
    expect(text.match(/"finish_reason":"tool_calls"/g)).toHaveLength(1);
  });
});

describe('an answer that cannot be continued ends with an error event and no [DONE]', () => {
  test('because a tool was being called', async () => {
    const { ask } = await serve();
    mistral.chat = {
      words: ['Je regarde'],
      toolCalls: [1, 2, 3, 4, 5].map((at) => ({ id: `abcdefgh${at}`, name: 'find_slots', arguments: '{}' })),
      finish: 'tool_calls',
    };
    mistral.mode = { type: 'cut' };
    const answer = await readStream(await ask(question));
    expect(answer).toMatchObject({ error: { code: 'upstream_failed' }, isDone: false });
    expect(chatsOf(openai)).toHaveLength(0);
  });

  test('because it is half a JSON text', async () => {
    const { ask } = await serve();
    mistral.mode = { type: 'cut' };
    const answer = await readStream(await ask({ ...question, response_format: { type: 'json_object' } }));
    expect(answer).toMatchObject({ error: { code: 'upstream_failed' }, isDone: false });
    expect(chatsOf(openai)).toHaveLength(0);
  });

  test('because nobody else is there', async () => {
    const { ask } = await serve({ LLM_PROVIDER: 'mistral' });
    mistral.mode = { type: 'cut' };
    expect(await readStream(await ask(question))).toMatchObject({ text: SAID, isDone: false });
  });

  test('because the others fail too, and says so', async () => {
    const { ask } = await serve();
    mistral.mode = { type: 'cut' };
    openai.mode = { type: 'error', status: 401 };
    const answer = await readStream(await ask(question));
    expect(answer).toMatchObject({ text: SAID, isDone: false });
    expect(answer.error?.message).toMatch(/OpenAI refused the key/);
  });

  test('because the next is too slow for a caller who listens', async () => {
    const { ask } = await serve({}, { limits: { gapMs: 1_200 } });
    mistral.mode = { type: 'cut' };
    openai.mode = { type: 'slow', delayMs: 10_000 };
    const startedMs = performance.now();
    expect(await readStream(await ask(question))).toMatchObject({ text: SAID, isDone: false });
    expect(performance.now() - startedMs).toBeLessThan(2_500);
    expect(await chatsOf(openai)[0]?.outcome).toBe('closed');
  });

  test('because it took longer than an answer may', async () => {
    const { ask } = await serve({ LLM_PROVIDER: 'mistral' }, { answerMs: 300 });
    mistral.mode = { type: 'stall' };
    const answer = await readStream(await ask(question));
    expect(answer.error).toMatchObject({
      code: 'upstream_timeout',
      message: expect.stringContaining('0.3 s') as string,
    });
  });
});
