import { describe, expect, it } from 'vitest';
import { expand } from './expand.ts';
import { englishCases, frenchCases, type Case } from './expand.cases.ts';
import { spokenPiece, spokenText } from './spoken-text.ts';

/** What has nothing to write out stays as it is. */
const both = ([written, said = written]: Case) => [written, said] as const;

describe('expand', () => {
  it.each(frenchCases.map(both))('reads %j in French as %j', (written, said) => {
    expect(expand(written, 'fr')).toBe(said);
  });

  it.each(englishCases.map(both))('reads %j in English as %j', (written, said) => {
    expect(expand(written, 'en')).toBe(said);
  });

  it.each([...frenchCases.map((pair) => both(pair)[1]), 'Une phrase sans rien de tout cela, n’est-ce pas ?'])(
    'leaves %j, which is written out, as it is',
    (said) => {
      expect(expand(said, 'fr')).toBe(said);
    },
  );

  it('takes no longer than the text is long', () => {
    const started = performance.now();
    const bits = [
      '1',
      '1 ',
      '111 ',
      '1.',
      '1/',
      '01/',
      '9h-',
      '9h',
      'M. ',
      'm² ',
      'XI',
      'X ',
      'av. ',
      'n°',
      'St. ',
      '1,',
      ' ',
      'a',
      '-5 ',
    ];
    for (const bit of bits) for (const language of ['fr', 'en'] as const) expand(bit.repeat(20_000), language);
    // Quadratic patterns would take minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('spokenText in a language', () => {
  it('writes out what narrow spaces, marks and tags stood between', () => {
    expect(spokenText('**M.\u00A0Dupont** a 3\u202Fm² au XIX<sup>e</sup> siècle', 'fr')).toBe(
      'monsieur Dupont a 3 mètres carrés au 19ème siècle',
    );
    expect(spokenPiece('## Le n°\u00A05\n', 'fr')).toBe('Le numéro 5.');
  });

  it('leaves the words as they are written when no language is known', () => {
    expect(spokenText('M. Dupont a 3 m²')).toBe('M. Dupont a 3 m²');
  });
});
