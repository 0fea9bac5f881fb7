import { expect, test } from 'vitest';
import { nothingBelieved } from '../decoding/guards.ts';
import { secondsOf, transcriptOf } from './transcripts.ts';

const DAY = 24 * 3600;

test('times of the engine are moved to the clock of the stream, to the millisecond after a day and after 2^31 samples', () => {
  const believed = {
    ...nothingBelieved(),
    text: 'oui',
    words: [{ word: 'oui', start: 0.3, end: 0.5, probability: 0.9 }],
    segments: [{ start: 0.25, end: 0.5, text: 'oui', avgLogprob: -0.1, compressionRatio: 1, noSpeechProb: 0.01 }],
    language: 'fr',
  };
  for (const day of [0, 1, 2, 30]) {
    const from = day * DAY * 16_000 + 16;
    const transcript = transcriptOf({ utterance: 7, from, to: from + 16_000 }, believed);
    expect(transcript).toMatchObject({ utterance: 7, language: 'fr' });
    expect(transcript.startS - day * DAY).toBeCloseTo(0.001, 6);
    expect((transcript.words[0]?.startS ?? 0) - day * DAY).toBeCloseTo(0.301, 6);
    expect((transcript.segments[0]?.endS ?? 0) - day * DAY).toBeCloseTo(0.501, 6);
  }
  expect(secondsOf(2 ** 31 + 16)).toBe(134_217.729);
});
