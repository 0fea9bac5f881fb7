import { describe, expect, test } from 'vitest';
import { Joint } from './joint.ts';
import { endsSentence, lastWords } from './said-end.ts';

/** What is said in all, with the continuation in pieces of that many characters. */
function joined(said: string, continuation: string, options: { exact?: boolean; size?: number } = {}): string {
  const joint = new Joint(said, { exact: options.exact ?? false });
  const size = options.size ?? continuation.length;
  let all = said;
  for (let at = 0; at < continuation.length; at += size) all += joint.push(continuation.slice(at, at + size));
  return all + joint.end();
}

const cases: readonly (readonly [said: string, continuation: string, whole: string])[] = [
  // Nothing repeated.
  ['Bonjour, parlons de votre', 'entretien de demain.', 'Bonjour, parlons de votre entretien de demain.'],
  ['Bonjour, parlons de votre ', 'entretien.', 'Bonjour, parlons de votre entretien.'],
  ['Bonjour, parlons de votre ', ' entretien.', 'Bonjour, parlons de votre entretien.'],
  ['Bonjour, parlons de votre', ' entretien.', 'Bonjour, parlons de votre entretien.'],
  ['Parlons de votre entretien', ', puis du salaire.', 'Parlons de votre entretien, puis du salaire.'],
  ['Parlons de votre entretien,', 'puis du salaire.', 'Parlons de votre entretien, puis du salaire.'],
  ['Parlons de l’', 'entretien.', 'Parlons de l’entretien.'],
  ["Parlons de l'", 'entretien.', "Parlons de l'entretien."],
  ['Peut-', 'être demain.', 'Peut-être demain.'],
  // A new sentence behind a whole one.
  ['Très bien.', 'Parlons du salaire.', 'Très bien. Parlons du salaire.'],
  ['Très bien. ', 'Parlons du salaire.', 'Très bien. Parlons du salaire.'],
  ['Êtes-vous prêt ?', 'Alors commençons.', 'Êtes-vous prêt ? Alors commençons.'],
  ['Il a dit « oui ».', 'Voilà.', 'Il a dit « oui ». Voilà.'],
  ['Ce sera non.', 'Non, vraiment.', 'Ce sera non. Non, vraiment.'],
  // The last words repeated.
  ['Bonjour, parlons de votre', 'de votre entretien.', 'Bonjour, parlons de votre entretien.'],
  ['Bonjour, parlons de votre', '… de votre entretien.', 'Bonjour, parlons de votre entretien.'],
  ['Bonjour, parlons DE votre', 'De Votre entretien.', 'Bonjour, parlons DE votre entretien.'],
  ['We should talk about the', 'the interview.', 'We should talk about the interview.'],
  // The whole answer or its last sentence from the beginning.
  ['Bonjour, parlons de votre', 'Bonjour, parlons de votre entretien.', 'Bonjour, parlons de votre entretien.'],
  ['Bonjour. Parlons de votre', 'Parlons de votre entretien.', 'Bonjour. Parlons de votre entretien.'],
  ['Bonjour. Parlons de demain.', 'Parlons de demain. Et du salaire.', 'Bonjour. Parlons de demain. Et du salaire.'],
  ['Très bien.', 'Très bien. Commençons.', 'Très bien. Commençons.'],
  // A word cut in two.
  ['Parlons de votre entre', 'entretien de demain.', 'Parlons de votre entretien de demain.'],
  ['Parlons de votre entre', 'de votre entretien de demain.', 'Parlons de votre entretien de demain.'],
  ['Parlons de votre en', 'votre entretien.', 'Parlons de votre entretien.'],
  ['On parle de', 'demain.', 'On parle de demain.'],
  // Nothing more to say.
  ['Parlons de votre entretien.', 'Parlons de votre entretien.', 'Parlons de votre entretien.'],
  [
    'Parlons de votre entretien de demain matin',
    'Parlons de votre entretien',
    'Parlons de votre entretien de demain matin',
  ],
  ['Parlons de votre entretien.', '', 'Parlons de votre entretien.'],
];

describe.each([1, 3, 7, 1_000])('a continuation in pieces of %i characters', (size) => {
  test.each(cases)('"%s" + "%s"', (said, continuation, whole) => {
    expect(joined(said, continuation, { size })).toBe(whole);
  });
});

test('a wire that goes on at the last letter is joined there', () => {
  expect(joined('Parlons de votre entre', 'tien.', { exact: true })).toBe('Parlons de votre entretien.');
  expect(joined('Parlons de', ' demain.', { exact: true })).toBe('Parlons de demain.');
  expect(joined('C’est que vous', ' vous inquiétez.', { exact: true })).toBe('C’est que vous vous inquiétez.');
});

test('a wire that gives the beginning back is heard once', () => {
  const whole = 'Bonjour. Parlons de votre entretien de demain.';
  for (let at = 1; at < whole.length; at += 1)
    expect(joined(whole.slice(0, at), whole, { exact: true, size: 2 }), whole.slice(0, at)).toBe(whole);
});

test('no more is held back than what may be a repetition', () => {
  const joint = new Joint('Parlons de votre', { exact: false });
  expect(joint.push('entre')).toBe(' entre');
  expect(joint.push('tien')).toBe('tien');
});

const TEXTS = {
  french:
    "Bonjour, l'entretien d'embauche dure 1 h 30. « Vraiment ? » dit-elle : aujourd'hui, c'est-à-dire le 21/11/2026, ça coûte 3,50 € (soit 12 % de plus). Très bien, très bien !",
  english:
    "Well, that's that. It costs $1,234.56; isn't it 3.14? No no no, don't do it... e.g. the U.S. economy \"grew\" 2.5% (or so).",
  list: 'Voici :\n1. Respirez.\n2. Parlez.\n   - doucement\n   - **clairement**\n\n```js\nconst a = b[0] + b[0];\nif (a) { a(); }\n```\nFin 👩‍👩‍👧‍👦 🇫🇷 été.',
};

/** Where the joint is not the text that was cut, by every cut. */
function differences(text: string, continuation: (said: string) => string, exact: boolean): string[] {
  const found = new Set<string>();
  for (let cut = 1; cut < text.length; cut += 1)
    for (const size of [1, 4, 7, 1_000]) {
      const said = text.slice(0, cut);
      const got = joined(said, continuation(said), { exact, size });
      if (got !== text) found.add(`${said.slice(-12)}|: ${got.slice(Math.max(0, cut - 12), cut + 12)}`);
    }
  return [...found];
}

describe.each(Object.entries(TEXTS))('a %s text, cut anywhere', (_name, text) => {
  const restOf = (said: string) => text.slice(said.length);

  test('is whole when a wire goes on at the last letter', () => {
    expect(differences(text, restOf, true)).toEqual([]);
  });

  test('is whole when a wire gives all of it back', () => {
    expect(differences(text, () => text, true)).toEqual([]);
  });

  test('is whole when a model that was told to go on repeats all of it', () => {
    expect(differences(text, () => text, false)).toEqual([]);
  });

  test('is whole when it begins with the last words, as it was told to', () => {
    const echo = (said: string) => text.slice(said.trimEnd().length - lastWords(said).length);
    expect(differences(text, echo, false)).toEqual([]);
    // Behind a whole sentence it is told to begin with the next.
    const told = (said: string) => (endsSentence(said) ? restOf(said) : echo(said));
    expect(differences(text, told, false)).toEqual([]);
  });
});

test.each([
  ['Appelez le 06 12 12', ' 12 12.'],
  ['Respirez, soufflez. Respirez, soufflez', ', respirez, soufflez. Bien.'],
  ['Il a dit : très bien, oui. Très bien', ', très bien !'],
  ['12 12 12 12 12 12 12 12', ' 12 12 12 12 12 12 12 12 12 12 12 12'],
  [`Un titre\n${'-'.repeat(40)}`, '-'.repeat(40)],
])('what is repeated on purpose stays where a wire goes on: "%s" + "%s"', (said, rest) => {
  for (const size of [1, 5, 100]) expect(joined(said, rest, { exact: true, size })).toBe(said + rest);
});

test('a wire that repeats a long end of what was said is heard once', () => {
  const said = 'Bonjour. Parlons de votre entretien de demain avec Madame Martin';
  const rest = 'votre entretien de demain avec Madame Martin, qui sera là.';
  expect(joined(said, rest, { exact: true, size: 3 })).toBe(`${said}, qui sera là.`);
});

test.each([
  ['Très bien', ', très bien !', 'Très bien, très bien !'],
  ['le prix est de 3,', 'prix est de 3,50 euros.', 'le prix est de 3,50 euros.'],
  ['le prix est de 3,', '50 euros.', 'le prix est de 3,50 euros.'],
  ['1, 2,', '3 et 4.', '1, 2, 3 et 4.'],
  ['1. Respirez.\n', '   - doucement', '1. Respirez.\n   - doucement'],
  ['Cela dure', '«Cela dure une heure.', 'Cela dure une heure.'],
  ['Un a b a b a b', 'a b a b a b c.', 'Un a b a b a b a b c.'],
  ['« Vraiment ?', '« Vraiment ? » dit-elle.', '« Vraiment ? » dit-elle.'],
  ['Il dit : «', '« Vraiment ? »', 'Il dit : « Vraiment ? »'],
  ['1. Parlez.\n   - ', '- doucement', '1. Parlez.\n   - doucement'],
  ['ça coûte 3,50 €', 'ça coûte 3,50 € (soit peu).', 'ça coûte 3,50 € (soit peu).'],
  ['je ne sais pas...', 'je ne sais pas... mais oui.', 'je ne sais pas... mais oui.'],
  ["Now it's", 'stuff.', "Now it's stuff."],
])('a model that was told to go on: "%s" + "%s"', (said, rest, whole) => {
  for (const size of [1, 4, 7, 1_000]) expect(joined(said, rest, { size }), `pieces of ${size}`).toBe(whole);
});

test.each([true, false])('takes no longer per word the longer it gets (exact %s)', (exact) => {
  const took = (words: number): number => {
    const said = 'a '.repeat(words);
    const startedMs = performance.now();
    joined(`b ${said}c`, `${said}${said}`, { exact, size: 4 });
    return performance.now() - startedMs;
  };
  took(1_000);
  // Quadratic, this took seconds.
  expect(took(20_000)).toBeLessThan(500);
});
