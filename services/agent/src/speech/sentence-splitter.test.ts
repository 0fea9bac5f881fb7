import { describe, expect, test } from 'vitest';
import { SentenceSplitter } from './sentence-splitter.ts';

/** Pieces of a text that comes a few characters at a time, as from a model. */
function split(text: string, step = 5): string[] {
  const splitter = new SentenceSplitter();
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += step) pieces.push(...splitter.push(text.slice(at, at + step)));
  return [...pieces, ...splitter.flush()];
}

describe.each([1, 4, 1000])('in steps of %i characters', (step) => {
  test.each([
    ['Il est 14 h 30. On commence maintenant.', ['Il est 14 h 30. ', 'On commence maintenant.']],
    ['Vous verrez M. Dupont demain. Merci beaucoup.', ['Vous verrez M. Dupont demain. ', 'Merci beaucoup.']],
    ['Le prix est de 3.50 euros. Cela vous convient ?', ['Le prix est de 3.50 euros. ', 'Cela vous convient ?']],
    ['Comment allez-vous ? Je vous écoute bien.', ['Comment allez-vous ? ', 'Je vous écoute bien.']],
    ['Écrivez à J. Martin et rappelez Mme. Durand.', ['Écrivez à J. Martin et rappelez Mme. Durand.']],
    ['Dr. Smith will see you now. Please sit down.', ['Dr. Smith will see you now. ', 'Please sit down.']],
    ['Voyez le no. 5 de la rue. Il est ouvert.', ['Voyez le no. 5 de la rue. ', 'Il est ouvert.']],
    ['Attendez... je réfléchis encore un peu.', ['Attendez... je réfléchis encore un peu.']],
    ["Rendez-vous à l'av. Foch à midi. À demain matin.", ["Rendez-vous à l'av. Foch à midi. ", 'À demain matin.']],
    ['« Bonjour ! » dit-elle. Puis elle partit.', ['« Bonjour ! ', '» dit-elle. Puis elle partit.']],
  ])('%s', (text, expected) => {
    expect(split(text, step)).toEqual(expected);
  });
});

test('the first clause goes out at its comma, later ones do not', () => {
  const text = 'Pour votre entretien de jeudi, préparez trois exemples. Ensuite, si vous voulez, on recommence.';
  expect(split(text)).toEqual([
    'Pour votre entretien de jeudi, ',
    'préparez trois exemples. ',
    'Ensuite, si vous voulez, on recommence.',
  ]);
});

test('a short first clause waits for more', () => {
  expect(split('Oui, bien sûr.')).toEqual(['Oui, bien sûr.']);
});

test('very short sentences after the first are spoken with the next', () => {
  expect(split('C’est noté. Oui. Non. On reprend ensemble.')).toEqual([
    'C’est noté. ',
    'Oui. Non. On reprend ensemble.',
  ]);
});

test('pieces join to the text that was given', () => {
  const text = 'Très bien ! Alors, 1. on respire. 2. on parle…  Et après ?\nOn verra bien.';
  expect(split(text, 3).join('')).toBe(text);
});

test('text without an end is cut at a space before it gets too long', () => {
  const pieces = split('mot '.repeat(200), 7);
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(241);
  expect(pieces.every((piece) => piece.startsWith('mot'))).toBe(true);
});

test('white space alone is nothing to speak', () => {
  expect(split('  \n ')).toEqual([]);
});
