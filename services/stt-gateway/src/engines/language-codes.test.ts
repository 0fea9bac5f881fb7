import { expect, test } from 'vitest';
import { baseLanguage, languageCode } from './language-codes.ts';

test.each([
  ['french', 'fr'],
  ['French', 'fr'],
  ['fr', 'fr'],
  ['fr-CA', 'fr'],
  ['haitian creole', 'ht'],
  ['cantonese', 'yue'],
  ['castilian', 'es'],
  ['', undefined],
  [null, undefined],
  ['gibberish', undefined],
])('the language %o of an answer is %o', (said, code) => {
  expect(languageCode(said)).toBe(code);
});

test('a language that means "find out" is none', () => {
  expect(['fr-FR', 'multi', 'auto', undefined].map(baseLanguage)).toEqual(['fr', undefined, undefined, undefined]);
});
