import { expect, test } from 'vitest';
import { parseRedecodes } from './redecodes.ts';

test('pieces are counted over all windows, beside those decoded again', () => {
  const text = `# TYPE eloquence_whisper_pieces_total counter
eloquence_whisper_pieces_total{window="10"} 7.0
eloquence_whisper_pieces_total{window="30"} 2.0
eloquence_whisper_pieces_created{window="10"} 1.7e+09
eloquence_whisper_redecodes_total 2.0
`;
  expect(parseRedecodes(text)).toEqual({ pieces: 9, again: 2 });
  expect(parseRedecodes('')).toEqual({ pieces: 0, again: 0 });
});
