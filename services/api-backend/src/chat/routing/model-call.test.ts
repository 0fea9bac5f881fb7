import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { expect, test } from 'vitest';
import { readStream, startChatProxy } from '../../testing/chat-proxy.ts';

test('an answer is good although nobody could count it', async () => {
  await using vendor = await new FakeMistral().listen();
  await using proxy = await startChatProxy({ MISTRAL_API_KEY: vendor.apiKey, MISTRAL_BASE_URL: vendor.url });
  proxy.ledger.record = () => {
    throw new RangeError('no more');
  };
  const messages = [{ role: 'user', content: 'Donnez-moi un conseil' }];
  expect((await proxy.ask({ model: 'talk', messages })).status).toBe(200);
  const answer = await readStream(await proxy.ask({ model: 'talk', messages, stream: true }));
  expect(answer).toMatchObject({ error: undefined, isDone: true, finishes: ['stop'] });
});
