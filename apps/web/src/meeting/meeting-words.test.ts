import { expect, it } from 'vitest';
import { translator } from '../i18n/translate.ts';
import { lengthInWords } from './meeting-words.ts';

it.each([
  [0, 'moins d’une minute'],
  [29_999, 'moins d’une minute'],
  [45 * 60_000, '45 min'],
  [59.6 * 60_000, '1 h 00 min'],
  [65 * 60_000, '1 h 05 min'],
  [250 * 60_000, '4 h 10 min'],
])('%d ms are said as %s', (durationMs, words) => {
  expect(lengthInWords(durationMs, translator('fr')).replaceAll('\u00A0', ' ')).toBe(words);
});
