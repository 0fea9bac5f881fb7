import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chatsOf, readStream, startChatProxy, type ChatProxy } from '../testing/chat-proxy.ts';

const question = { model: 'talk', messages: [{ role: 'user', content: 'Donnez-moi un conseil' }] };
let mistral: FakeMistral;

beforeEach(async () => {
  mistral = await new FakeMistral().listen();
});
afterEach(() => mistral[Symbol.asyncDispose]());

const serve = (drainMs: number): Promise<ChatProxy> =>
  startChatProxy({ MISTRAL_API_KEY: mistral.apiKey, MISTRAL_BASE_URL: mistral.url }, { drainMs });

describe('closing', () => {
  test('lets an answer come to its end', async () => {
    const { app, ask, ledger } = await serve(5_000);
    mistral.chat = { words: ['Un', ' deux', ' trois', '.'], finish: 'stop', gapMs: 30 };
    const response = await ask({ ...question, stream: true });
    const answer = readStream(response);
    await app.close();
    expect(ledger.entries).toMatchObject([{ provider: 'mistral', estimated: false }]);
    expect(await answer).toMatchObject({ text: 'Un deux trois.', isDone: true, error: undefined });
  });

  test('ends an answer that takes too long with an error event, and puts it on the account before it is done', async () => {
    const { app, ask, ledger } = await serve(50);
    mistral.mode = { type: 'stall' };
    const response = await ask({ ...question, stream: true });
    const answer = readStream(response);
    await app.close();
    expect(ledger.entries).toMatchObject([{ provider: 'mistral', estimated: true }]);
    expect(await answer).toMatchObject({
      text: 'Bonjour, parlons de votre',
      isDone: false,
      error: { code: 'unavailable' },
    });
    expect(await chatsOf(mistral)[0]?.outcome).toBe('closed');
    // Nothing comes behind.
    expect(ledger.entries).toHaveLength(1);
  });

  test.each([true, false])('says so where there was no first token yet (stream %s)', async (stream) => {
    const { app, ask } = await serve(50);
    mistral.mode = { type: 'slow', delayMs: 60_000 };
    const asked = ask({ ...question, stream });
    await expect.poll(() => chatsOf(mistral).length).toBe(1);
    await app.close();
    const response = await asked;
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await response.json()).toMatchObject({ code: 'unavailable' });
  });
});
