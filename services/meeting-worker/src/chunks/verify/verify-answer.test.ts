import type { ChunkAnswer } from '@eloquence/shared/contracts/meeting-llm';
import { describe, expect, test } from 'vitest';
import type { CarriedItem } from '../lines.ts';
import { lines, NOTHING, passage, type PassageOptions } from '../test-support/passages.ts';
import { verifyAnswer } from './verify-answer.ts';

interface ActionCase {
  readonly said: readonly string[];
  readonly text: string;
  readonly owner?: string | null;
  readonly due?: string | null;
  /** Positions quoted; default: the first. */
  readonly cites?: readonly number[];
  readonly options?: PassageOptions;
}

function action({ said, text, owner = null, due = null, cites = [1], options }: ActionCase) {
  const shown = passage(said, options);
  const answer: ChunkAnswer = { ...NOTHING, actions: [{ text, owner, due, evidence: lines(shown, ...cites) }] };
  const { items, unverified } = verifyAnswer(answer, shown);
  const [item] = items;
  return item?.kind === 'action' ? { owner: item.owner, due: item.due } : unverified[0]?.refusal;
}

const speaker = (id: string) => ({ kind: 'speaker', speaker: id });
const name = (said: string) => ({ kind: 'name', name: said });
const en: PassageOptions = { language: 'en' };

describe('the owner of an action', () => {
  test.each<[string, ActionCase, unknown]>([
    [
      'je',
      { said: ['karim: Je vais préparer le devis de Sirius.'], text: 'Préparer le devis de Sirius', owner: 'je' },
      speaker('karim'),
    ],
    [
      'the name of who says je',
      {
        said: ['karim: Je vais préparer le devis de Sirius.'],
        text: 'Préparer le devis de Sirius',
        owner: 'Karim Benali',
      },
      speaker('karim'),
    ],
    [
      'moi',
      { said: ['sophie: C’est moi qui vais imprimer les affiches.'], text: 'Imprimer les affiches', owner: 'moi' },
      speaker('sophie'),
    ],
    [
      'I',
      {
        said: ['karim: I will prepare the quote for Sirius.'],
        text: 'Prepare the quote for Sirius',
        owner: 'Karim',
        options: en,
      },
      speaker('karim'),
    ],
    [
      'let me',
      {
        said: ['karim: Let me take that, I will test the backup.'],
        text: 'Test the backup',
        owner: 'Karim Benali',
        options: en,
      },
      speaker('karim'),
    ],
    [
      'a first name that was said',
      {
        said: ['marie: Sophie va relancer Corvin pour la facture.'],
        text: 'Relancer Corvin pour la facture',
        owner: 'Sophie',
      },
      speaker('sophie'),
    ],
    [
      'a whole name that was said',
      {
        said: ['karim: Marie Lefèvre va vérifier les droits d’accès.'],
        text: 'Vérifier les droits d’accès',
        owner: 'Marie Lefèvre',
      },
      speaker('marie2'),
    ],
    [
      'somebody addressed by name',
      {
        said: ['marie: Karim, tu peux corriger la page d’accueil ?'],
        text: 'Corriger la page d’accueil',
        owner: 'Karim',
      },
      speaker('karim'),
    ],
    [
      'tu, taken on in the next line that is quoted',
      {
        said: ['marie: Il faut tester la sauvegarde, tu t’en charges ?', 'karim: Oui, je m’en charge.'],
        text: 'Tester la sauvegarde',
        owner: 'Karim Benali',
        cites: [1, 2],
      },
      speaker('karim'),
    ],
    [
      'tu, taken on in the next line that nobody quoted',
      {
        said: ['marie: Et toi, tu peux tester la sauvegarde ?', 'karim: D’accord, je m’en occupe.'],
        text: 'Tester la sauvegarde',
        owner: 'Karim',
        cites: [1],
      },
      speaker('karim'),
    ],
    [
      'who, answered',
      {
        said: ['marie: Who can check the access rights?', 'sophie: I will do it by tomorrow.'],
        text: 'Check the access rights',
        owner: 'Sophie',
        cites: [1, 2],
        options: en,
      },
      speaker('sophie'),
    ],
    [
      'a stranger who was named',
      {
        said: ['marie: Le cabinet Morel doit rédiger le contrat.'],
        text: 'Rédiger le contrat',
        owner: 'le cabinet Morel',
      },
      name('Le cabinet Morel'),
    ],
    [
      'one of two of that name',
      { said: ['karim: Marie va vérifier les droits d’accès.'], text: 'Vérifier les droits d’accès', owner: 'Marie' },
      name('Marie'),
    ],
    [
      'one of two of that name, guessed',
      {
        said: ['karim: Marie va vérifier les droits d’accès.'],
        text: 'Vérifier les droits d’accès',
        owner: 'Marie Dupont',
      },
      name('Marie'),
    ],
    [
      'one of two of that name who says je',
      { said: ['marie2: Je vais vérifier les droits d’accès.'], text: 'Vérifier les droits d’accès', owner: 'Marie' },
      speaker('marie2'),
    ],
    [
      'nobody',
      { said: ['karim: Il faut nettoyer la base de contacts.'], text: 'Nettoyer la base de contacts', owner: null },
      null,
    ],
    [
      '"non précisé"',
      {
        said: ['karim: Il faut nettoyer la base de contacts.'],
        text: 'Nettoyer la base de contacts',
        owner: 'non précisé',
      },
      null,
    ],
  ])('is found: %s', (_, given, owner) => {
    expect(action(given)).toMatchObject({ owner });
  });

  test.each<[string, ActionCase]>([
    [
      'a participant nobody named',
      {
        said: ['karim: Il faut nettoyer la base de contacts.'],
        text: 'Nettoyer la base de contacts',
        owner: 'Sophie Lambert',
      },
    ],
    [
      'somebody who only speaks next',
      {
        said: ['karim: Il faut nettoyer la base de contacts.', 'sophie: Moi, j’ai regardé les chiffres hier.'],
        text: 'Nettoyer la base de contacts',
        owner: 'Sophie',
      },
    ],
    [
      'a name nobody said',
      {
        said: ['karim: Il faut nettoyer la base de contacts.'],
        text: 'Nettoyer la base de contacts',
        owner: 'Napoléon',
      },
    ],
    [
      'somebody else than who says je',
      { said: ['karim: Je vais préparer le devis de Sirius.'], text: 'Préparer le devis de Sirius', owner: 'Sophie' },
    ],
    [
      'je where nobody says it',
      { said: ['karim: Il faut nettoyer la base de contacts.'], text: 'Nettoyer la base de contacts', owner: 'je' },
    ],
    [
      'a stranger of another name',
      {
        said: ['marie: The Morel agency has to write the contract.'],
        text: 'Write the contract',
        owner: 'the Pictor studio',
        options: en,
      },
    ],
  ])('is refused with its action: %s', (_, given) => {
    expect(action(given)).toBe('owner_not_named');
  });
});

describe('the term of an action', () => {
  test.each<[string, string, string, string | null, ('fr' | 'en')?]>([
    ['pour vendredi', 'vendredi', 'vendredi', '2026-01-23'],
    ['pour vendredi prochain', 'vendredi prochain', 'vendredi prochain', '2026-01-23'],
    ['pour demain', 'Demain', 'demain', '2026-01-20'],
    ['après-demain', 'après-demain', 'après-demain', '2026-01-21'],
    ['dans dix jours', 'dans dix jours', 'dans dix jours', '2026-01-29'],
    ['dans deux semaines', 'dans deux semaines', 'dans deux semaines', '2026-02-02'],
    ['d’ici la fin du mois', "d'ici la fin du mois", 'd’ici la fin du mois', '2026-01-31'],
    ['pour le 15', 'le 15', 'le 15', '2026-02-15'],
    ['avant le 3 mars', '3 mars', '3 mars', '2026-03-03'],
    [
      'pour jeudi de la semaine prochaine',
      'jeudi de la semaine prochaine',
      'jeudi de la semaine prochaine',
      '2026-01-29',
    ],
    ['la semaine prochaine', 'la semaine prochaine', 'la semaine prochaine', null],
    ['dès que possible', 'dès que possible', 'dès que possible', null],
    // A date a model made of words that were said.
    ['pour vendredi', '2026-01-23', 'vendredi', '2026-01-23'],
    ['by Friday', 'Friday', 'Friday', '2026-01-23', 'en'],
    ['by next Tuesday', 'next Tuesday', 'next Tuesday', '2026-01-27', 'en'],
    ['in two weeks', 'in two weeks', 'in two weeks', '2026-02-02', 'en'],
    ['by the end of the month', 'the end of the month', 'the end of the month', '2026-01-31', 'en'],
    ['before March 3', 'March 3', 'March 3', '2026-03-03', 'en'],
    ['by Monday', 'Monday', 'Monday', '2026-01-26', 'en'],
    ['next week', 'next week', 'next week', null, 'en'],
  ])('said "%s", claimed "%s"', (...given) => {
    const [words, due, text, date, language = 'fr'] = given;
    const said =
      language === 'fr'
        ? `karim: Je vais écrire le cahier des charges ${words}.`
        : `karim: I will write the specification ${words}.`;
    const task = language === 'fr' ? 'Écrire le cahier des charges' : 'Write the specification';
    expect(action({ said: [said], text: task, due, options: { language } })).toMatchObject({ due: { text, date } });
  });

  test.each([
    ['pour vendredi', 'mercredi matin à la première heure'],
    ['pour vendredi', '2026-01-30'],
    ['bientôt', 'demain'],
  ])('said "%s", claimed "%s": refused with its action', (words, due) => {
    const said = [`karim: Je vais écrire le cahier des charges ${words}.`];
    expect(action({ said, text: 'Écrire le cahier des charges', due })).toBe('due_not_said');
  });
});

const decision: CarriedItem = {
  itemId: 'c0-d1',
  kind: 'decision',
  text: 'Ouvrir une agence à Dijon',
  hasOwner: false,
  hasDue: false,
};
const question: CarriedItem = {
  itemId: 'c0-q1',
  kind: 'question',
  text: 'Qui va préparer le devis de Sirius ?',
  hasOwner: false,
  hasDue: false,
};

const renounce = 'karim: Après réflexion, on renonce à ouvrir une agence à Dijon.';
const retract = (said: string, takesBack: string | null, carried: readonly CarriedItem[] = [decision]) => {
  const shown = passage([said], { carried });
  const evidence = lines(shown, 1);
  const claim = { text: 'Renoncer à ouvrir une agence à Dijon', takes_back: takesBack, settles: false, evidence };
  return verifyAnswer({ ...NOTHING, retractions: [claim] }, shown);
};

describe('what takes something back', () => {
  test('names an open item', () => {
    expect(retract(renounce, 'c0-d1').items).toMatchObject([{ item_id: 'c1-r1', takes_back: 'c0-d1', settles: false }]);
  });

  test('is given its item by what it says, where the model names none or one that is not open', () => {
    expect(retract(renounce, null).items).toMatchObject([{ takes_back: 'c0-d1' }]);
    expect(retract(renounce, 'c9-d9').items).toMatchObject([{ takes_back: 'c0-d1' }]);
    expect(retract(renounce, 'c9-d9', []).items).toMatchObject([{ takes_back: null }]);
  });

  test('takes nothing back by words that do not say so', () => {
    expect(retract('karim: On décide d’ouvrir une agence à Dijon.', 'c0-d1')).toMatchObject({
      items: [],
      unverified: [{ kind: 'retraction', refusal: 'text_not_in_quote' }],
    });
    expect(retract('karim: Le chauffage fait encore des siennes.', 'c0-d1').items).toEqual([]);
  });

  test('finds a decision of the same passage', () => {
    const shown = passage(['marie: On décide d’ouvrir une agence à Dijon.', renounce]);
    const { items } = verifyAnswer(
      {
        ...NOTHING,
        decisions: [{ text: 'Ouvrir une agence à Dijon', evidence: lines(shown, 1) }],
        retractions: [
          { text: 'Renoncer à ouvrir une agence à Dijon', takes_back: null, settles: false, evidence: lines(shown, 2) },
        ],
      },
      shown,
    );
    expect(items).toMatchObject([{ item_id: 'c1-d1' }, { takes_back: 'c1-d1' }]);
  });

  test('settles a question', () => {
    const shown = passage(['sophie: Je m’en charge.'], { carried: [question] });
    const evidence = lines(shown, 1);
    const claim = { text: 'Préparer le devis de Sirius', takes_back: 'c0-q1', settles: false, evidence };
    expect(verifyAnswer({ ...NOTHING, retractions: [claim] }, shown).items).toMatchObject([{ settles: true }]);
  });
});

describe('nothing is counted twice', () => {
  const said = [
    'marie: On décide d’ouvrir une agence à Dijon.',
    'karim: Nous avons décidé d’ouvrir une agence à Dijon.',
  ];

  test('what is said several times is one item with all its evidence', () => {
    const shown = passage(said);
    const claims = [1, 2].map((at) => ({
      text: at === 1 ? 'Ouvrir une agence à Dijon' : 'Nous ouvrons une agence à Dijon',
      evidence: lines(shown, at),
    }));
    const { items } = verifyAnswer({ ...NOTHING, decisions: claims }, shown);
    expect(items).toHaveLength(1);
    expect(items[0]?.evidence).toHaveLength(2);
  });

  test('what was carried over, and words that were said before', () => {
    const again = passage([said[0] ?? ''], { carried: [decision] });
    const claim = (shown: typeof again, at: number) => ({
      text: 'Ouvrir une agence à Dijon',
      evidence: lines(shown, at),
    });
    expect(verifyAnswer({ ...NOTHING, decisions: [claim(again, 1)] }, again).items).toEqual([]);
    const later = passage([said[0] ?? '', 'karim: Bien.'], { before: 1 });
    expect(verifyAnswer({ ...NOTHING, decisions: [claim(later, 0)] }, later)).toMatchObject({
      items: [],
      unverified: [],
    });
  });

  test('an answer across the line gives the task that was asked for before it its owner', () => {
    const options = { before: 1, carried: [question] };
    const taken = ['marie: Qui va préparer le devis de Sirius ?', 'sophie: Moi, je m’en occupe pour jeudi.'];
    expect(
      action({ said: taken, text: 'Préparer le devis de Sirius', owner: 'Sophie', due: 'jeudi', cites: [1], options }),
    ).toEqual({
      owner: speaker('sophie'),
      due: { text: 'jeudi', date: '2026-01-22' },
    });
  });

  test('the same task of two people is two tasks', () => {
    const shown = passage(['karim: Je vais tester la sauvegarde.', 'sophie: Je vais tester la sauvegarde.']);
    const claims = ['Karim', 'Sophie'].map((owner, index) => ({
      text: 'Tester la sauvegarde',
      owner,
      due: null,
      evidence: lines(shown, index + 1),
    }));
    expect(verifyAnswer({ ...NOTHING, actions: claims }, shown).items).toHaveLength(2);
  });
});

describe('evidence', () => {
  const shown = passage([
    'marie: Bonjour à tous.',
    'karim: Bon, d’accord : on retient l’offre de Dupont, à 12 000 euros.',
    'sophie: Très bien.',
  ]);
  const quoted = (segment: number, quote: string) =>
    verifyAnswer(
      { ...NOTHING, decisions: [{ text: 'Retenir l’offre de Dupont', evidence: [{ segment, quote }] }] },
      shown,
    );

  test.each([
    [2, 'on retient l’offre de Dupont', 'on retient l’offre de Dupont'],
    [2, "On retient l'Offre de Dupont", 'on retient l’offre de Dupont'],
    [2, 'on retient… à 12 000 euros.', 'on retient l’offre de Dupont, à 12 000 euros.'],
    [3, 'on retient l’offre de Dupont', 'on retient l’offre de Dupont'],
    [1, 'on retient l’offre de Dupont', 'on retient l’offre de Dupont'],
  ])('of line %i, "%s", is kept as it was said', (segment, quote, kept) => {
    const { items } = quoted(segment, quote);
    expect(items[0]?.evidence).toMatchObject([{ speaker: 'karim', start_ms: 10_000, end_ms: 18_000, quote: kept }]);
  });

  test.each([
    [2, 'on retient l’offre de Durand', 'quote_not_found'],
    [2, 'on refuse l’offre de Dupont', 'quote_not_found'],
    [9_999, 'on retient l’offre de Dupont', 'quote_not_found'],
    [2, 'on', 'quote_not_found'],
    [2, '', 'quote_not_found'],
  ])('of line %i, "%s", is refused: %s', (segment, quote, refusal) => {
    expect(quoted(segment, quote)).toMatchObject({ items: [], unverified: [{ kind: 'decision', refusal }] });
  });

  test('is needed', () => {
    const claim = { text: 'Retenir l’offre de Dupont', evidence: [] };
    expect(verifyAnswer({ ...NOTHING, decisions: [claim] }, shown).unverified).toMatchObject([
      { refusal: 'no_quote', start_ms: null },
    ]);
  });

  test('has the times of its words where the recogniser gave them', () => {
    const words = 'On décide d’ouvrir une agence'
      .split(' ')
      .map((text, index) => ({ text, start_ms: 1000 + index * 100, end_ms: 1090 + index * 100 }));
    const plain = passage(['karim: On décide d’ouvrir une agence']);
    const timed = {
      ...plain,
      lines: plain.lines.map((line) => ({ ...line, utterance: { ...line.utterance, words } })),
    };
    const claim = { text: 'Ouvrir une agence', evidence: [{ segment: 1, quote: 'ouvrir une agence' }] };
    expect(verifyAnswer({ ...NOTHING, decisions: [claim] }, timed).items[0]?.evidence).toMatchObject([
      { start_ms: 1200, end_ms: 1490 },
    ]);
  });
});

test('a glossary holds what was said, behind what was known', () => {
  const shown = { ...passage(['karim: On garde Boréal pour le CRM.']), glossary: ['Altéa'] };
  expect(verifyAnswer({ ...NOTHING, glossary: ['Boréal', 'CRM', 'Napoléon'] }, shown).glossary).toEqual([
    'Altéa',
    'Boréal',
    'CRM',
  ]);
});
