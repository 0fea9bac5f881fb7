import { describe, expect, it } from 'vitest';
import { resolveVoice, voiceList } from '../voices.ts';
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

describe('resolveVoice', () => {
  it('knows the logical voices and their languages', () => {
    expect(resolveVoice('coach-fr', 'Hello')).toEqual({ language: 'fr' });
    expect(resolveVoice('coach-en', 'Bonjour')).toEqual({ language: 'en' });
    expect(resolveVoice('coach-fr', 'Hello', 'en')).toEqual({ language: 'en' });
  });

  it('knows OpenAI’s thirteen and lets the text say the language', () => {
    expect(voiceList.voices).toHaveLength(15);
    expect(resolveVoice('nova', 'Hello, how are you today?')).toEqual({ language: 'en', openaiName: 'nova' });
    expect(resolveVoice('nova', 'Bonjour, comment allez-vous ?')).toEqual({ language: 'fr', openaiName: 'nova' });
  });

  it('refuses another and lists what there is', () => {
    for (const name of ['zorglub', '__proto__', 'constructor', 'toString'])
      expect(() => resolveVoice(name, 'a')).toThrow(/coach-fr, coach-en, alloy/);
  });
});
