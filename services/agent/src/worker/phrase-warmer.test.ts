import { createLogger } from '@eloquence/shared/runtime/logger';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, onTestFinished, test } from 'vitest';
import { loadScenarios } from '../scenarios/registry.ts';
import { FakeVoice } from '../test-support/fake-voice.ts';
import { PhraseWarmer } from './phrase-warmer.ts';

async function setUp() {
  const voice = await FakeVoice.start();
  const scenarios = await loadScenarios();
  const logger = createLogger('test', 'silent');
  const warmer = new PhraseWarmer({
    ttsUrl: voice.url,
    key: 'k',
    scenarios: scenarios.values(),
    logger,
    tryAgainMs: 20,
  });
  onTestFinished(async () => {
    await warmer.stop();
    await voice[Symbol.asyncDispose]();
  });
  const phrases = [...scenarios.values()].flatMap((scenario) =>
    scenario.kind === 'conversation' ? Object.values(scenario.phrases).flatMap(Object.values) : [],
  );
  return { voice, warmer, phrases: phrases as string[] };
}

test('every phrase of every scenario is asked for once, in its language and the voice of calls, to be kept', async () => {
  const { voice, warmer, phrases } = await setUp();
  await warmer.start();
  expect(voice.requests.map(({ input }) => input).toSorted()).toEqual(phrases.toSorted());
  expect(voice.requests.find(({ input }) => input.startsWith('Bonjour'))).toMatchObject({
    voice: 'coach-fr',
    language: 'fr',
    cache: 'public',
    response_format: 'pcm',
  });
  expect(voice.requests.find(({ input }) => input.startsWith('Hello'))).toMatchObject({
    voice: 'coach-en',
    language: 'en',
  });
});

test('what failed is asked for once more, later, and then no more', async () => {
  const { voice, warmer, phrases } = await setUp();
  voice.down = true;
  await warmer.start();
  expect(voice.requests).toHaveLength(phrases.length * 2);
});

test('a stop ends it at once', async () => {
  const { voice, warmer, phrases } = await setUp();
  void warmer.start();
  await waitFor(() => voice.requests.length > 0);
  await warmer.stop();
  expect(voice.requests.length).toBeLessThanOrEqual(phrases.length);
});
