import { expect, test } from 'vitest';
import { withoutPauses } from './scribe.ts';

const word = (text: string, start_ms: number) => ({ text, start_ms, end_ms: start_ms + 200 });
const words = [word('on', 1_000), word('se', 1_300), word('tait', 1_600)];
const transcript = {
  text: 'on se tait',
  isFinal: true,
  startMs: 1_000,
  endMs: 1_800,
  startS: 0,
  endS: 1,
  words,
  confidence: 1,
};

test('words said after a pause began are left out, though they were on their way already', () => {
  expect(withoutPauses(transcript, [{ start_ms: 1_250, end_ms: Infinity }])).toMatchObject({
    text: 'on',
    startMs: 1_000,
    endMs: 1_200,
  });
  expect(withoutPauses(transcript, [{ start_ms: 0, end_ms: 1_550 }])?.text).toBe('tait');
  expect(withoutPauses(transcript, [{ start_ms: 900, end_ms: 2_000 }])).toBeUndefined();
});

test('what was said outside of pauses stays as it is', () => {
  expect(withoutPauses(transcript, [{ start_ms: 5_000, end_ms: Infinity }])).toBe(transcript);
  const wordless = { ...transcript, words: [] };
  expect(withoutPauses(wordless, [])).toBe(wordless);
  expect(withoutPauses(wordless, [{ start_ms: 1_200, end_ms: 1_700 }])).toBeUndefined();
});
