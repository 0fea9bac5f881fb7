import { expect, test } from 'vitest';
import { normalizedWords, wordErrorRate } from './word-error-rate.ts';

test('case, punctuation, kinds of apostrophe and hyphens make no difference', () => {
  expect(wordErrorRate("L’équipe, c'est dix-sept personnes !", "l'équipe c' est dix sept personnes").errors).toBe(0);
});

test('accents are kept: "a" for "à" is an error', () => {
  expect(wordErrorRate('rendez-vous à midi', 'rendez-vous a midi')).toEqual({
    errors: 1,
    referenceWords: 4,
    rate: 0.25,
  });
});

test('a composed and a decomposed accent are the same', () => {
  expect(wordErrorRate('déjà', 'déjà'.normalize('NFD')).errors).toBe(0);
});

test.each([
  ['un deux trois', 'un deux trois', 0],
  ['un deux trois', 'un trois', 1],
  ['un deux trois', 'un deux deux trois', 1],
  ['un deux trois', 'un dix trois', 1],
  ['un deux trois', '', 3],
  ['un deux', 'trois quatre cinq', 3],
])('from "%s" to "%s" there are %d errors', (said, heard, errors) => {
  expect(wordErrorRate(said, heard).errors).toBe(errors);
});

test('words heard where nothing was said count as one whole error rate', () => {
  expect(wordErrorRate('', 'sous-titres').rate).toBe(1);
  expect(wordErrorRate('', '').rate).toBe(0);
});

test('quotation marks around a word go away', () => {
  expect(normalizedWords("'bonjour' dit-il")).toEqual(['bonjour', 'dit', 'il']);
});
