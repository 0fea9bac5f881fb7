import type { Chunk, MeetingItem } from '@eloquence/shared/contracts/meeting';
import { describe, expect, it } from 'vitest';
import { chunkOf, evidenceAt, type Written } from '../test-support/notes.ts';
import { mergeItems } from './merge-items.ts';

const at = (minutes: number) => minutes * 60_000;

function merge(...chunks: Written[][]) {
  return mergeItems(
    chunks.map((items, n): Chunk => chunkOf(n, items)),
    'fr',
  );
}

const texts = ({ items }: { items: readonly MeetingItem[] }) => items.map(({ text }) => text);

describe('the same fact', () => {
  it('said three times is one item with all its evidence, under its first id and time', () => {
    const { items } = merge(
      [{ kind: 'decision', text: 'Retenir le prestataire Dupont', startMs: at(2) }],
      [{ kind: 'decision', text: 'Retenir Dupont comme prestataire', startMs: at(12) }],
      [{ kind: 'decision', text: 'Retenir le prestataire Dupont.', startMs: at(25) }],
    );
    expect(items).toMatchObject([{ item_id: 'c0-d1', merged_from: ['c0-d1', 'c1-d1', 'c2-d1'], start_ms: at(2) }]);
    expect(items[0]?.evidence.map(({ start_ms }) => start_ms)).toEqual([at(2), at(12), at(25)]);
  });

  it('found on both sides of a boundary is one item, although it is worded differently', () => {
    const quote = evidenceAt(at(10), 'on valide le devis de 12 000 euros de la société Martin');
    const { items } = merge(
      [{ kind: 'decision', text: 'Valider le devis de 12 000 euros', evidence: [quote] }],
      [{ kind: 'decision', text: 'Le devis Martin de 12 000 euros est validé', evidence: [quote] }],
    );
    expect(items).toHaveLength(1);
    expect(items[0]?.evidence).toEqual([quote]);
  });

  it('keeps owner and day, whoever says them', () => {
    const { items } = merge(
      [{ kind: 'action', text: 'Envoyer le contrat au client', startMs: at(1) }],
      [
        {
          kind: 'action',
          text: 'Envoyer le contrat au client',
          startMs: at(11),
          owner: { kind: 'name', name: 'Paul' },
          due: { text: 'vendredi', date: '2026-01-23' },
        },
      ],
    );
    expect(items).toMatchObject([{ owner: { name: 'Paul' }, due: { date: '2026-01-23' } }]);
  });
});

describe('two facts stay two', () => {
  it.each([
    ['other figures', 'Un budget de 5 000 euros est accordé', 'Un budget de 8 000 euros est accordé'],
    ['other names', 'On retient offre de Dupont pour le chantier', 'On retient offre de Durand pour le chantier'],
    [
      'other names behind a small word',
      'Est-ce que Altéa livre des chaises à Lyon ?',
      'Est-ce que Mistra livre des chaises à Lyon ?',
    ],
    ['the opposite by the verb', 'Augmenter le budget marketing de Boréal', 'Réduire le budget marketing de Boréal'],
    [
      'another task on one thing',
      'Tester la sauvegarde du serveur de Lyon',
      'Documenter la sauvegarde du serveur de Lyon',
    ],
    ['the opposite', 'Lancer la campagne de publicité', 'Abandonner la campagne de publicité'],
    ['other things', 'Envoyer le devis au client', 'Envoyer la facture au client'],
  ])('with %s', (_, first, second) => {
    const { items } = merge([
      { kind: 'decision', text: first, startMs: at(1) },
      { kind: 'decision', text: second, startMs: at(2) },
    ]);
    expect(texts({ items })).toEqual([first, second]);
  });

  it('when two people have the same task', () => {
    const task = { kind: 'action', text: 'Relire le contrat' } as const;
    const { items } = merge([
      { ...task, startMs: at(1), owner: { kind: 'speaker', speaker: 'anne' } },
      { ...task, startMs: at(2), owner: { kind: 'speaker', speaker: 'paul' } },
    ]);
    expect(items).toHaveLength(2);
  });
});

describe('a retraction', () => {
  it('takes its item out of the body, with all it was merged from', () => {
    const { items, retracted } = merge(
      [{ kind: 'decision', text: 'Livrer en mars', startMs: at(1) }],
      [{ kind: 'decision', text: 'Livrer en mars', startMs: at(11) }],
      [{ kind: 'retraction', text: 'Finalement pas de livraison en mars', startMs: at(21), takes_back: 'c1-d1' }],
    );
    expect(items).toEqual([]);
    expect(retracted).toMatchObject([
      { item: { item_id: 'c0-d1', merged_from: ['c0-d1', 'c1-d1'] }, by: { start_ms: at(21) } },
    ]);
  });

  it('does not take back what is decided again afterwards', () => {
    const { items, retracted } = merge(
      [{ kind: 'decision', text: 'Livrer en mars', startMs: at(1) }],
      [{ kind: 'retraction', text: 'On ne livre plus en mars', startMs: at(11), takes_back: 'c0-d1' }],
      [{ kind: 'decision', text: 'Livrer en mars', startMs: at(21) }],
    );
    expect(items).toMatchObject([{ item_id: 'c2-d1', start_ms: at(21) }]);
    expect(retracted).toHaveLength(1);
  });

  it('without a name finds what its words are about; where it could be two things its words are kept', () => {
    const decisions: Written[] = [
      { kind: 'decision', text: 'Organiser le séminaire à Lyon', startMs: at(1) },
      { kind: 'decision', text: 'Commander vingt écrans', startMs: at(2) },
    ];
    const taken = merge(decisions, [
      {
        kind: 'retraction',
        text: 'Finalement on renonce au séminaire organisé à Lyon',
        startMs: at(12),
        takes_back: null,
      },
    ]);
    expect(texts(taken)).toEqual(['Commander vingt écrans']);
    const unclear = merge(decisions, [{ kind: 'retraction', text: 'On oublie ça', startMs: at(12), takes_back: null }]);
    expect(texts(unclear)).toHaveLength(2);
    expect(unclear.unattached).toMatchObject([{ start_ms: at(12) }]);
  });

  it('that settles a question leaves it out without calling it taken back', () => {
    const { items, retracted } = merge(
      [{ kind: 'question', text: 'Qui paie le traiteur ?', startMs: at(1) }],
      [
        {
          kind: 'retraction',
          text: 'Le traiteur est payé par Anne',
          startMs: at(11),
          takes_back: 'c0-q1',
          settles: true,
        },
      ],
    );
    expect(items).toEqual([]);
    expect(retracted).toEqual([]);
  });
});

const decisions = (n: number) =>
  Array.from({ length: 16 }, (_, k): Written => ({
    kind: 'decision',
    text: `Décision numéro ${n * 16 + k} de la réunion`,
  }));

it('400 items are merged in a moment', () => {
  const chunks = Array.from({ length: 25 }).map((_, n) => decisions(n));
  const started = performance.now();
  expect(merge(...chunks).items).toHaveLength(400);
  expect(performance.now() - started).toBeLessThan(1_000);
});
