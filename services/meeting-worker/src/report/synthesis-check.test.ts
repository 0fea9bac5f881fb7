import type { Language } from '@eloquence/shared/contracts/ids';
import type { ReportItem } from '@eloquence/shared/contracts/report';
import { describe, expect, test } from 'vitest';
import { meetingOf } from '../test-support/notes.ts';
import { draftReport } from './draft.ts';
import { SynthesisCheck } from './synthesis-check.ts';

type Kind = 'decision' | 'question';

const common = (id: string, text: string, quote: string) => ({
  item_id: id,
  text,
  evidence: [{ utterance_id: 'utt_aaaaaaaaaaaaaaaa', speaker: 'marie', start_ms: 0, end_ms: 1, quote }],
  merged_from: [id],
  start_ms: 0,
});
const plain = (kind: Kind, id: string, text: string, quote: string): ReportItem => ({
  kind,
  ...common(id, text, quote),
});
const task = (id: string, text: string, [owner, due]: readonly [string, string]): ReportItem => ({
  kind: 'action',
  ...common(id, text, text),
  owner: { kind: 'name', name: owner },
  due: { text: due, date: null },
});

const ITEMS: Readonly<Record<Language, readonly ReportItem[]>> = {
  fr: [
    plain(
      'decision',
      'c0-d1',
      'Reporter le lancement d’Altéa au 12 mars',
      'on reporte le lancement d’Altéa au 12 mars',
    ),
    plain('decision', 'c0-d2', 'Fixer le budget de Boréal à 15 000 euros', 'le budget de Boréal sera de 15 000 euros'),
    plain('decision', 'c0-d3', 'Ne pas ouvrir d’agence à Dijon', 'on n’ouvre pas d’agence à Dijon'),
    task('c0-a1', 'Préparer le devis de Sirius', ['Karim', 'mardi']),
    task('c0-a2', 'Relancer le client Corvin', ['Sophie', 'vendredi']),
    plain('question', 'c0-q1', 'Faut-il vendre l’entreprise ?', 'Faut-il vendre l’entreprise ?'),
  ],
  en: [
    plain(
      'decision',
      'c0-d1',
      'Postpone the launch of Altea to March 12',
      'we postpone the launch of Altea to March 12',
    ),
    plain('decision', 'c0-d2', 'Set the budget of Boreal to 15,000 euros', 'the budget of Boreal will be 15,000 euros'),
    plain('decision', 'c0-d3', 'Do not open a branch in Cardiff', 'we will not open a branch in Cardiff'),
    task('c0-a1', 'Prepare the quote for Sirius', ['Karim', 'Tuesday']),
    task('c0-a2', 'Call the client Corvin', ['Sophie', 'Friday']),
    plain('question', 'c0-q1', 'Should we sell the company?', 'Should we sell the company?'),
  ],
};

function accepted(
  language: Language,
  text: string,
  ids: readonly string[],
  kind: 'summary' | 'chapter' = 'summary',
): boolean {
  const draft = draftReport({ ...meetingOf({}), language });
  return new SynthesisCheck({ ...draft, items: ITEMS[language] }).accept(kind, text, ids) !== undefined;
}

describe('a line of a summary falls', () => {
  test.each<[string, Language, string, readonly string[]]>([
    ['that drops a "not"', 'fr', 'Ouvrir une agence à Dijon.', ['c0-d3']],
    ['that drops a "not"', 'en', 'A branch will be opened in Cardiff.', ['c0-d3']],
    ['that lends a "not" from another item', 'fr', 'Ne pas reporter le lancement d’Altéa.', ['c0-d1', 'c0-d3']],
    ['that lends a "not" from another item', 'en', 'Do not postpone the launch of Altea.', ['c0-d1', 'c0-d3']],
    ['that says the opposite', 'fr', 'Avancer le lancement d’Altéa au 12 mars.', ['c0-d1']],
    ['that mixes two items', 'fr', 'Le budget d’Altéa est fixé à 15 000 euros.', ['c0-d1', 'c0-d2']],
    ['that mixes two items', 'en', 'The budget of Altea is 15,000 euros.', ['c0-d1', 'c0-d2']],
    ['that swaps owners', 'fr', 'Sophie prépare le devis de Sirius.', ['c0-a1', 'c0-a2']],
    ['that swaps owners', 'en', 'Sophie prepares the quote for Sirius.', ['c0-a1', 'c0-a2']],
    ['that swaps days', 'fr', 'Karim prépare le devis de Sirius pour vendredi.', ['c0-a1', 'c0-a2']],
    ['that makes a fact of a question', 'fr', 'Il faut vendre l’entreprise.', ['c0-q1']],
    ['that makes a fact of a question', 'en', 'We must sell the company.', ['c0-q1']],
  ])('%s (%s: %s)', (_, language, text, ids) => {
    expect(accepted(language, text, ids)).toBe(false);
  });
});

describe('a line of a summary stands', () => {
  test.each<[string, Language, string, readonly string[]]>([
    [
      'of two',
      'fr',
      'Le lancement d’Altéa est reporté au 12 mars et le budget de Boréal fixé à 15 000 euros.',
      ['c0-d1', 'c0-d2'],
    ],
    [
      'of two',
      'en',
      'The launch of Altea is postponed to March 12 and the budget of Boreal is 15,000 euros.',
      ['c0-d1', 'c0-d2'],
    ],
    [
      'of two tasks',
      'fr',
      'Karim prépare le devis de Sirius pour mardi, Sophie relance le client Corvin.',
      ['c0-a1', 'c0-a2'],
    ],
    [
      'of yes and no',
      'fr',
      'On décide de reporter le lancement d’Altéa, mais pas d’ouvrir une agence à Dijon.',
      ['c0-d1', 'c0-d3'],
    ],
    ['of no, in other words', 'fr', 'Aucune agence ne sera ouverte à Dijon.', ['c0-d3']],
    ['of no, in other words', 'en', 'No branch will be opened in Cardiff.', ['c0-d3']],
    ['of a question', 'fr', 'Il reste à savoir s’il faut vendre l’entreprise.', ['c0-q1']],
    ['of a question', 'en', 'It remains open whether to sell the company.', ['c0-q1']],
  ])('%s (%s: %s)', (_, language, text, ids) => {
    expect(accepted(language, text, ids)).toBe(true);
  });
});

test('a title names what is spoken of, also where it was denied or asked', () => {
  expect(accepted('fr', 'Agence de Dijon', ['c0-d3'], 'chapter')).toBe(true);
  expect(accepted('fr', 'Vente de l’entreprise', ['c0-q1'], 'chapter')).toBe(true);
  expect(accepted('en', 'Budget of Boreal, launch of Altea', ['c0-d1', 'c0-d2'], 'chapter')).toBe(true);
  expect(accepted('fr', 'Fermeture de l’agence de Dijon', ['c0-d3'], 'chapter')).toBe(false);
});
