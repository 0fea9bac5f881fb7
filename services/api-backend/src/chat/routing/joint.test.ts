import { describe, expect, test } from 'vitest';
import { Joint } from './joint.ts';

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
