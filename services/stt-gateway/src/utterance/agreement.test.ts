import { describe, expect, test } from 'vitest';
import { Agreement } from './agreement.ts';

/** The stable words after each hypothesis. */
function stabilise(...hypotheses: readonly string[]): string[] {
  const agreement = new Agreement();
  return hypotheses.map((text) => agreement.take(text.split(' ')).join(' '));
}

describe('Agreement', () => {
  test('words are stable once two decodes in a row begin with them', () => {
    expect(
      stabilise('je', 'je vous', 'je vous rap', 'je vous rappelle demain', 'je vous rappelle demain matin'),
    ).toEqual(['', 'je', 'je vous', 'je vous', 'je vous rappelle demain']);
  });

  test('case, accents and punctuation make no difference, and a word stays as it was first agreed', () => {
    expect(stabilise('Déjà', 'deja vu', 'Déjà, vu.', 'DÉJÀ VU ici', 'déjà vu ici')).toEqual([
      '',
      'deja',
      'deja vu.',
      'deja vu.',
      'deja vu. ici',
    ]);
  });

  test('a decode that contradicts what is stable takes nothing back, and adds nothing', () => {
    expect(
      stabilise('un deux trois', 'un deux trois', 'une autre chose', 'un deux trois quatre', 'un deux trois quatre'),
    ).toEqual(['', 'un deux trois', 'un deux trois', 'un deux trois', 'un deux trois quatre']);
  });

  test('a word put in or left out before the stable ones end does not repeat or lose what follows', () => {
    expect(stabilise('je vais bien', 'je vais bien', 'oui je vais bien merci', 'oui je vais bien merci')).toEqual([
      '',
      'je vais bien',
      'je vais bien',
      'je vais bien merci',
    ]);
    expect(stabilise('euh je vais', 'euh je vais', 'je vais bien merci', 'je vais bien merci').at(-1)).toBe(
      'euh je vais bien merci',
    );
  });

  test('nothing and punctuation alone are no words to agree on', () => {
    expect(stabilise('—', '— oui', '— oui')).toEqual(['', '—', '— oui']);
    expect(new Agreement().take([])).toEqual([]);
  });

  test('whatever comes, the stable words only grow and never change', () => {
    const vocabulary = ['oui', 'Oui,', 'non', 'peut', 'être', 'demain'];
    let seed = 1;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 200; round += 1) {
      const agreement = new Agreement();
      let before: readonly string[] = [];
      for (let count = 0; count < 20; count += 1) {
        const words = Array.from({ length: random(8) }, () => vocabulary[random(vocabulary.length)] ?? '');
        const stable = agreement.take(words);
        expect(stable.slice(0, before.length)).toEqual(before);
        before = stable;
      }
    }
  });
});
