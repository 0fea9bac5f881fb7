import { expect, it } from 'vitest';
import { numbersIn } from './numbers-in.ts';

const of = (text: string, parts = false): string[] => [...numbersIn(text, { parts })].toSorted();

it('numbers are the same in digits and in words, in French and English', () => {
  for (const text of ['12 000 euros', '12,000', 'douze mille euros', 'twelve thousand'])
    expect(of(text)).toEqual(['12000']);
  expect(of('quatre-vingt-dix-sept')).toEqual(['97']);
  expect(of('à quatorze heures trente')).toEqual(['14', '30']);
  expect(of('cinq, six personnes')).toEqual(['5', '6']);
});

it('an article is no number unless it is asked for what may be read as one', () => {
  expect(of('une offre')).toEqual([]);
  expect(of('une offre', true)).toEqual(['1']);
  expect(of('le 12.03.2026', true)).toEqual(expect.arrayContaining(['12', '3', '2026']));
});
