import { describe, expect, it } from 'vitest';
import { spokenPiece, spokenText } from './spoken-text.ts';

describe('spokenText', () => {
  it.each([
    ['**Bonjour** _à_ tous !', 'Bonjour à tous !'],
    ['# Titre\n\n- un\n- deux', 'Titre. un, deux'],
    ['## **Un titre**\nLe texte', 'Un titre. Le texte'],
    ['Un titre\n\nLe texte\n\n', 'Un titre. Le texte'],
    ['Déjà fini !\n\n* un :\n* deux.', 'Déjà fini ! un : deux.'],
    ['le chat\nmange', 'le chat mange'],
    ['re**faire** l’**eau** (**oui**), 2*3', 'refaire l’eau (oui), 2 3'],
    ['C# et F#, #1', 'C# et F#, 1'],
    ['«\u202FAttends…\u202F» dit-il\u00A0: 1\u202F234,5\u00A0€', '« Attends… » dit-il : 1 234,5 €'],
    ["l’aujourd’hui d'hier", "l’aujourd’hui d'hier"],
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

describe('spokenPiece', () => {
  it('speaks each piece of a stream whose marks open in one and close in another', () => {
    const pieces = [
      '**Attention,** ',
      '*ceci est ',
      'important.* ',
      'Voir [le guide. ',
      'Tome 2](https://exemple.fr/a) ici',
    ];
    expect(pieces.map((piece) => spokenPiece(piece))).toEqual([
      'Attention,',
      'ceci est',
      'important.',
      'Voir le guide.',
      'Tome 2 ici',
    ]);
  });

  it.each(['  ', '🎉', '** ', '<br/>', '…', '---\n'])('has nothing to speak in %j', (piece) => {
    expect(spokenPiece(piece)).toBeUndefined();
  });

  it('takes no longer than the text is long', () => {
    const started = performance.now();
    for (const text of ['<a', '[', '](', '*', '\n', ' \n', '# ', 'a\n', '`', '- \n']) spokenPiece(text.repeat(20_000));
    // Quadratic patterns would take minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
