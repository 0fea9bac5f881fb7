import { Listening } from '@eloquence/testkit/listening';
import { noise, noiseKinds } from '@eloquence/testkit/noises';
import { demoSentences } from '@eloquence/testkit/sentences';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { normalizedWords, wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { expect, inject, test } from 'vitest';

/** The short form of `npm run bench -- stt-gateway/hearing` and `stt-gateway/noise`. */
const stack = inject('stack');
const url = stack.urls.stt;
const key = stack.env['INTERNAL_API_KEY'] ?? '';
const NOISE_S_EACH = 15;
const ANSWERS = ['oui', 'non', 'merci', "d'accord", 'allô', 'bonjour', 'demain', 'lundi', 'samedi', 'bonsoir'];
const VOICES = ['fr-fr', 'fr-be'];
const PAUSE = new Int16Array(16_000);

test('three minutes of silence, noise, tones and music hold no word', async () => {
  const heard = [];
  for (const [index, kind] of noiseKinds.entries()) {
    using client = await Listening.open({ url, key });
    await client.pour(noise(kind, NOISE_S_EACH, index));
    await client.finish();
    heard.push([kind, client.text, client.sentS]);
  }
  expect(heard).toEqual(noiseKinds.map((kind) => [kind, '', NOISE_S_EACH]));
});

test('of twenty answers of one word none is lost', async () => {
  const heard = await Promise.all(
    VOICES.map(async (voice) => {
      const spoken = await Promise.all(ANSWERS.map((answer) => synthesize(answer, { voice })));
      using client = await Listening.open({ url, key, query: { endpointing: '300' } });
      for (const pcm of spoken) {
        await client.play(pcm);
        await client.play(PAUSE);
      }
      await client.finish();
      return normalizedWords(client.text).join(' ');
    }),
  );
  expect(heard).toEqual(VOICES.map(() => normalizedWords(ANSWERS.join(' ')).join(' ')));
});

test('a minute of sentences without an end is cut in its short pauses, and no word is lost or said twice', async () => {
  const sentences = demoSentences.slice(0, 28);
  const spoken = await Promise.all(sentences.map((sentence) => synthesize(sentence)));
  using client = await Listening.open({ url, key, query: { endpointing: '600' } });
  for (const pcm of spoken) {
    await client.pour(pcm);
    await client.pour(PAUSE.subarray(0, 350 * 16));
  }
  await client.finish();
  const cut = client.finals.filter(({ pause }) => !pause);
  expect(cut.length).toBeGreaterThanOrEqual(2);
  for (const { startS, endS } of cut) expect(endS - startS).toBeLessThanOrEqual(25.1);
  expect(wordErrorRate(sentences.join(' '), client.text).rate).toBeLessThanOrEqual(0.02);
});
