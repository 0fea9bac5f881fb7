import { mkdirSync } from 'node:fs';
import { runConversation, type ConversationResult, type TurnResult } from '@eloquence/testkit/conversation';
import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { waitFor } from '@eloquence/testkit/wait-for';
import { findSegments, toSamples } from '@eloquence/testkit/waveform';
import { expect, test } from 'vitest';
import { SpeakingVendor } from './speaking-vendor.ts';
import { startStack, type Stack } from './start-stack.ts';
import { transcribe } from './transcribe.ts';

const OUTPUT = new URL('output/', import.meta.url).pathname;
mkdirSync(OUTPUT, { recursive: true });

/** What a person takes for "the line is dead". */
const LONGEST_SILENCE_MS = 3_000;

const QUESTIONS = [
  'je suis prêt à commencer',
  'parlons de mon entretien',
  'comment puis-je améliorer ma voix',
  'est-ce que je parle trop vite',
] as const;

/** Sentences the demo model can write down, so that what was heard can be compared word by word. */
const ANSWERS = [
  'C’est parfait. La première idée est importante.',
  'Je crois que nous pouvons faire mieux. C’est une belle occasion pour notre entreprise. Nous voulons aider les gens à parler en public. Avez-vous des questions ?',
  'Je propose de passer au point suivant. Notre objectif est simple. Nous voulons aider les gens à parler en public.',
  'Je suis très heureux d’être ici. On peut recommencer.',
] as const;

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replaceAll(/[’']/g, "'")
    .split(/[^\p{L}\p{N}']+/u)
    .filter(Boolean);

/** A model that answers each question with its answer, as models do: token by token. */
const tokensOf = (text: string): string[] => text.split(/(?= )/);

/** Longest silence from the end of the question to the end of its answer. */
function longestSilenceMs(turn: TurnResult): number {
  const inside = findSegments(turn.answerPcm);
  const gaps = inside.slice(1).map((segment, index) => segment.fromMs - (inside[index]?.toMs ?? 0));
  return Math.max(turn.latencyMs ?? Infinity, 0, ...gaps);
}

/** Between two sentences, and behind one that broke off, the voice pauses for 250 ms. */
const PAUSE_MS = 180;
const EDGE_MS = 60;

/** What stands between two pauses is heard by itself: half a word leads the demo model astray in the sentence behind it. */
async function heardWords(stack: Stack, { answerPcm: pcm }: TurnResult): Promise<string[]> {
  const pieces = findSegments(pcm, { joinGapMs: PAUSE_MS }).map(({ fromMs, toMs }) =>
    pcm.slice(toSamples(Math.max(0, fromMs - EDGE_MS)), toSamples(toMs + EDGE_MS)),
  );
  const texts = await Promise.all(pieces.map((piece) => transcribe(stack, piece)));
  return texts.flatMap(wordsOf);
}

async function call(stack: Stack, onTurn: (index: number) => void): Promise<ConversationResult> {
  return runConversation({
    apiUrl: stack.urls.api,
    script: QUESTIONS,
    wavPath: `${OUTPUT}outage.wav`,
    answerSilenceMs: 3_500,
    onTurn: (sentence) => onTurn(QUESTIONS.indexOf(sentence as (typeof QUESTIONS)[number])),
  });
}

test('the first voice and then the first model die in the middle of an answer, and the person hears a conversation', async () => {
  await using voice = await new SpeakingVendor().listen();
  await using mistral = await new FakeMistral().listen();
  await using openai = await new FakeOpenAi().listen();
  await using running = await startStack({
    TTS_PROVIDERS: 'rest,espeak',
    TTS_REST_URL: voice.url,
    TTS_REST_API_KEY: voice.apiKey,
    TTS_REST_MODEL: 'tts-1',
    MISTRAL_API_KEY: mistral.apiKey,
    MISTRAL_BASE_URL: mistral.url,
    OPENAI_API_KEY: openai.apiKey,
    OPENAI_BASE_URL: `${openai.url}/v1`,
  });
  const { stack } = running;
  const killed: string[] = [];
  const result = await call(stack, (index) => {
    const answer = ANSWERS[index] ?? '';
    const half = answer.indexOf(' est simple');
    mistral.chat = { words: tokensOf(answer), finish: 'stop' };
    // The next model is asked only to go on where the first one stopped.
    openai.chat = { words: tokensOf(index === 2 ? answer.slice(half) : answer), finish: 'stop' };
    if (index === 1) void killVoiceInMidSentence(voice).then(() => killed.push('voice'));
    if (index === 2) {
      // The first piece is the role.
      mistral.mode = { type: 'cut', afterPieces: 1 + tokensOf(answer.slice(0, half)).length };
      killed.push('model');
    }
  });
  const heard = await Promise.all(result.turns.map((turn) => heardWords(stack, turn)));
  const silences = result.turns.map((turn) => Math.round(longestSilenceMs(turn)));
  process.stdout.write(
    `\n--- outage call ---\nlongest silence per turn, ms: ${silences.join(', ')}\n${heard.map((words, i) => `${i + 1} meant ${ANSWERS[i]}\n  heard ${words.join(' ')}`).join('\n')}\n`,
  );
  expect(killed).toEqual(['voice', 'model']);
  for (const silence of silences) expect(silence).toBeLessThanOrEqual(LONGEST_SILENCE_MS);
  // No word twice, and nothing lost but, at most, the rest of the sentence in which the voice died.
  expect(heard[0]).toEqual(wordsOf(ANSWERS[0]));
  const [first = '', ...others] = ANSWERS[1].split(/(?<=\.) /);
  const whole = wordsOf(others.join(' '));
  expect(heard[1]?.slice(-whole.length)).toEqual(whole);
  expect(wordsOf(first).join(' ')).toContain(heard[1]?.slice(0, -whole.length).slice(0, -1).join(' '));
  expect(heard[1]?.length).toBeLessThanOrEqual(wordsOf(ANSWERS[1]).length);
  expect(heard[2]).toEqual(wordsOf(ANSWERS[2]));
  expect(heard[3]).toEqual(wordsOf(ANSWERS[3]));
});

/** Waits until the second sentence of an answer is being spoken, and takes the vendor away. */
async function killVoiceInMidSentence(voice: SpeakingVendor): Promise<void> {
  const before = voice.spoken.length;
  await waitFor(() => voice.spoken.slice(before).some(({ text, sentS }) => text.includes('occasion') && sentS >= 0.6), {
    what: 'the second sentence being spoken',
    timeoutMs: 30_000,
    intervalMs: 10,
  });
  await voice[Symbol.asyncDispose]();
}
