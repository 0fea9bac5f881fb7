import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { withFixedSpaces } from './fixed-spaces.ts';
import { fr } from './fr.ts';
import { preferredLanguage, translator } from './translate.ts';

const byText = (a: string, b: string) => a.localeCompare(b);
const marks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').toSorted(byText);

describe('the two languages', () => {
  it('have the same keys', () => {
    expect(Object.keys(en).toSorted(byText)).toEqual(Object.keys(fr).toSorted(byText));
  });

  it.each(Object.keys(fr) as (keyof typeof fr)[])('say %s with the same values, and say something', (key) => {
    expect(marks(en[key])).toEqual(marks(fr[key]));
    expect(en[key].trim()).not.toBe('');
    expect(fr[key].trim()).not.toBe('');
  });

  it('use the typographic apostrophe, never the straight one', () => {
    for (const text of [...Object.values(fr), ...Object.values(en)]) expect(text).not.toContain("'");
  });
});

describe('translator', () => {
  it('puts values into the text', () => {
    expect(translator('fr')('problem.againIn', { s: 7 })).toBe('Nouvel essai dans 7 s.');
  });

  it('never breaks a line before a French mark or inside quotation marks', () => {
    expect(translator('fr')('home.scenarios')).toBe('De quoi parlons-nous\u00A0?');
    expect(withFixedSpaces('« Bonjour ! » : oui, non')).toBe('«\u00A0Bonjour\u00A0!\u00A0»\u00A0: oui, non');
  });

  it('leaves a forgotten value visible', () => {
    expect(translator('en')('call.latency')).toContain('{s}');
  });
});

describe('preferredLanguage', () => {
  it.each([
    [['en-GB', 'fr'], 'en'],
    [['fr-CA'], 'fr'],
    [['de', 'en'], 'en'],
    [['de'], 'fr'],
    [[], 'fr'],
  ] as const)('%j gives %s', (wanted, language) => {
    expect(preferredLanguage(wanted)).toBe(language);
  });
});
