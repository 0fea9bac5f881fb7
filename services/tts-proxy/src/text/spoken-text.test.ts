import { describe, expect, it } from 'vitest';
import { spokenText } from './spoken-text.ts';

describe('spokenText', () => {
  it.each([
    ['**Bonjour** _à_ tous !', 'Bonjour à tous !'],
    ['# Titre\n\n- un\n- deux', 'Titre un deux'],
    ['Voir [le site](https://exemple.fr/a) demain', 'Voir le site demain'],
    ['<speak>Bonjour <break time="1s"/> vous</speak>', 'Bonjour vous'],
    ['Super 🎉👍🏽 👨‍👩‍👧 🇫🇷 !', 'Super !'],
    ['[[_^_DE]] ok', 'DE ok'],
    ['a\u0001+50b\u0000', 'a +50b'],
    ['co\u00ADop\u200Dter', 'coopter'],
    ['-v en --help', '-v en --help'],
    ['il fait -5 degrés, 3,5 % et 14 h 30', 'il fait -5 degrés, 3,5 % et 14 h 30'],
    ['e\u0301te\u0301', 'été'],
    ['3 < 5', '3 5'],
  ])('makes of %j what a person would say', (input, text) => {
    expect(spokenText(input)).toBe(text);
  });

  it.each(['   ', '\n\t', '**', '---', '🎉', '<br/>', '...', '\uD800'])(
    'refuses %j: there is nothing to speak',
    (input) => {
      expect(() => spokenText(input)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    },
  );
});
