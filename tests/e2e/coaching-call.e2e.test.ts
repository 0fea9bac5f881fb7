import { mkdirSync } from 'node:fs';
import { isRecognisable } from '@eloquence/api-backend/demo-coach';
import { faultsOf, percentile, renderReport, transcriptErrors } from '@eloquence/testkit/call-report';
import { runConversation, type ConversationResult } from '@eloquence/testkit/conversation';
import { coachingScript, demoSentences } from '@eloquence/testkit/sentences';
import { wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { expect, inject, test } from 'vitest';
import { transcribe } from './transcribe.ts';

const OUTPUT = new URL('output/', import.meta.url).pathname;
mkdirSync(OUTPUT, { recursive: true });
const stack = inject('stack');
const apiUrl = stack.urls.api;

/** Prints the figures a reader wants; the assertions below are about being right, not about being fast on this machine. */
function report(name: string, result: ConversationResult): void {
  process.stdout.write(`\n--- ${name} ---\n${renderReport(result)}`);
}

/**
 * What the person heard against what the transcript says the agent said, over those answers the demo recogniser can
 * understand: both whole answers, so that a lost first or last word counts.
 */
async function heardAnswers(result: ConversationResult): Promise<{ said: string; heard: string }[]> {
  const answers = result.transcript.utterances.filter((utterance) => utterance.role === 'agent').slice(1);
  const pairs = [];
  for (const [index, turn] of result.turns.entries()) {
    const said = answers[index]?.text ?? '';
    if (said && isRecognisable(said)) pairs.push({ said, heard: await transcribe(stack, turn.answerPcm) });
  }
  return pairs;
}

test('two people have a spoken conversation at once: all that was said is in the transcript and every answer is heard', async () => {
  const others = demoSentences.filter((sentence) => !coachingScript.includes(sentence)).filter((_, i) => i % 3 === 0);
  const [coaching, other] = await Promise.all([
    runConversation({ apiUrl, script: coachingScript, wavPath: `${OUTPUT}coaching.wav` }),
    runConversation({ apiUrl, script: others.slice(0, 20), wavPath: `${OUTPUT}other.wav` }),
  ]);
  report('coaching, 10 turns', coaching);
  report('other sentences, 20 turns', other);

  expect(faultsOf(coaching)).toEqual([]);
  expect(faultsOf(other)).toEqual([]);
  const [a, b] = [transcriptErrors(coaching), transcriptErrors(other)];
  const rate = (a.errors + b.errors) / (a.referenceWords + b.referenceWords);
  process.stdout.write(`\nword error rate over 30 sentences: ${(rate * 100).toFixed(1)} %\n`);
  expect(rate).toBeLessThanOrEqual(0.1);

  const pairs = [...(await heardAnswers(coaching)), ...(await heardAnswers(other))];
  const errors = wordErrorRate(pairs.map(({ said }) => said).join(' '), pairs.map(({ heard }) => heard).join(' '));
  process.stdout.write(
    `answers transcribed back: ${pairs.length}, word error rate ${(errors.rate * 100).toFixed(1)} %\n`,
  );
  expect(pairs.length).toBeGreaterThanOrEqual(5);
  expect(errors.rate).toBeLessThanOrEqual(0.15);

  const latencies = [...coaching.turns, ...other.turns].flatMap((turn) => turn.latencyMs ?? []);
  process.stdout.write(
    `answer audible after p50 ${percentile(latencies, 0.5)} ms, p95 ${percentile(latencies, 0.95)} ms\n`,
  );
});

test('a person who speaks into an answer silences the agent and is answered', async () => {
  const result = await runConversation({
    apiUrl,
    script: [
      { sentence: 'je voudrais faire un exercice', interruptAnswerAfterMs: 400 },
      { sentence: 'est-ce que je parle trop vite' },
    ],
  });
  report('barge-in', result);
  const second = result.turns[1];
  expect(second?.bargeInStopMs).toBeLessThan(1500);
  expect(second?.latencyMs).not.toBeNull();
  const said = result.transcript.utterances.filter((utterance) => utterance.role === 'user').map(({ text }) => text);
  expect(
    wordErrorRate('je voudrais faire un exercice est-ce que je parle trop vite', said.join(' ')).rate,
  ).toBeLessThanOrEqual(0.2);
});

test('the transcript can be read as text and as subtitles, and events replay from any position', async () => {
  const { session, events } = await runConversation({ apiUrl, script: ['donnez-moi un conseil'] });
  const path = `${apiUrl}/api/sessions/${session.session_id}/transcript`;
  expect(await (await fetch(`${path}.txt`)).text()).toMatch(/conseil/i);
  expect(await (await fetch(`${path}.srt`)).text()).toMatch(/^1\r?\n00:00:\d\d,\d{3} --> 00:00:\d\d,\d{3}/);
  expect(await (await fetch(`${path}.vtt`)).text()).toMatch(/^WEBVTT/);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));

  const replay = await fetch(new URL(session.events_url, apiUrl), { headers: { 'last-event-id': '2' } });
  const ids = [...(await replay.text()).matchAll(/^id: ?(\d+)$/gm)].map((match) => Number(match[1]));
  expect(ids).toEqual(events.map((event) => event.seq).slice(2));
});
