import { createLogger } from '@eloquence/shared/runtime/logger';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, onTestFinished, test } from 'vitest';
import { FakeVoice } from '../test-support/fake-voice.ts';
import { speakUrl } from './speak-link.ts';
import { SpeakLinks } from './speak-links.ts';

async function setUp() {
  const voice = await FakeVoice.start();
  const links = new SpeakLinks({ url: speakUrl(voice.url, 'en'), key: 'k', logger: createLogger('test', 'silent') });
  onTestFinished(async () => {
    links.close();
    await voice[Symbol.asyncDispose]();
  });
  return { voice, links };
}

test('one spare is opened, however often it is asked for', async () => {
  const { voice, links } = await setUp();
  for (let count = 0; count < 5; count += 1) links.prepare();
  await waitFor(() => voice.open.length === 1);
  const link = links.take();
  await link.opened;
  expect(voice.speeches).toHaveLength(1);
});

test('a spare that the server closed is replaced', async () => {
  const { voice, links } = await setUp();
  links.prepare();
  await waitFor(() => voice.open.length === 1);
  voice.speeches[0]?.socket.close(1001);
  await waitFor(() => voice.speeches.length === 2, { what: 'another spare' });
  expect(voice.open).toHaveLength(1);
});

test('a spare is opened once a service that was away is back', async () => {
  const { voice, links } = await setUp();
  voice.down = true;
  links.prepare();
  await waitFor(() => voice.refused >= 2);
  voice.down = false;
  await waitFor(() => voice.open.length === 1);
  expect(voice.speeches).toHaveLength(1);
});

test('a link that is given back is the next answer’s; a second one is let go', async () => {
  const { voice, links } = await setUp();
  const [first, second] = [links.take(), links.take()];
  await Promise.all([first.opened, second.opened]);
  links.giveBack(first);
  links.giveBack(second);
  await waitFor(() => voice.open.length === 1, { what: 'one open link' });
  expect(links.take()).toBe(first);
});

test('the same link may be given back any number of times', async () => {
  const { voice, links } = await setUp();
  const link = links.take();
  await link.opened;
  for (let count = 0; count < 50; count += 1) {
    links.giveBack(link);
    expect(links.take()).toBe(link);
  }
  links.giveBack(link);
  voice.speeches[0]?.socket.terminate();
  await waitFor(() => voice.speeches.length === 2 && voice.open.length === 1);
});

test('nothing is kept or opened after the end', async () => {
  const { voice, links } = await setUp();
  links.prepare();
  await waitFor(() => voice.open.length === 1);
  const taken = links.take();
  links.close();
  links.prepare();
  links.giveBack(taken);
  await waitFor(() => voice.open.length === 0, { what: 'closed links' });
  expect(voice.speeches).toHaveLength(1);
});

test('a refusal says what tts-proxy said, and whether asking again can help', async () => {
  const { voice, links } = await setUp();
  const problem = { type: 'x', title: 'x', status: 503, detail: 'All 100 are in use.', fault: 'us', retryable: true };
  voice.refusal = { status: 503, body: JSON.stringify({ ...problem, code: 'overloaded', retry_after_s: 2 }) };
  await expect(links.take().opened).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 2 });
  voice.refusal = { status: 400, body: 'no' };
  await expect(links.take().opened).rejects.toMatchObject({ code: 'upstream_rejected', retryable: false });
  voice.refusal = undefined;
  voice.down = true;
  await expect(links.take().opened).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
});
