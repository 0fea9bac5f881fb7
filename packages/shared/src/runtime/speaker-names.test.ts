import { expect, it } from 'vitest';
import { speakerNames, type NameSources } from './speaker-names.ts';

function names(sources: Partial<NameSources>): Record<string, string> {
  const none = { language: 'fr', heard: new Set<string>(), joined: new Map(), given: new Map() } as const;
  return Object.fromEntries(speakerNames({ ...none, ...sources }));
}

it('the name somebody gave comes before the one people joined with, that before the id', () => {
  const joined = new Map([['anne-x7k2', 'Anne']]);
  const heard = new Set(['anne-x7k2', 'paul-martin-q2z9']);
  expect(names({ joined, heard })).toEqual({ 'anne-x7k2': 'Anne', 'paul-martin-q2z9': 'Paul Martin' });
  expect(names({ joined, heard, given: new Map([['anne-x7k2', 'Anne Roux']]) })['anne-x7k2']).toBe('Anne Roux');
});

it('two tracks of one laptop are its person and the others; without a name in the language of the meeting', () => {
  const heard = new Set(['marie.me', 'marie.them']);
  const joined = new Map([['marie', 'Marie']]);
  expect(names({ heard, joined })).toEqual({ 'marie.me': 'Marie', 'marie.them': 'Interlocuteurs' });
  expect(names({ heard, language: 'en' })).toEqual({ 'marie.me': 'Me', 'marie.them': 'Others' });
});

it('who joined and said nothing is there; homonyms are told apart, by the order in which they came', () => {
  const joined = new Map([
    ['zoe', 'Zoé'],
    ['anne-b', 'Anne'],
    ['anne-a', 'Anne'],
  ]);
  expect(names({ joined, heard: new Set(['anne-a']) })).toEqual({ zoe: 'Zoé', 'anne-b': 'Anne', 'anne-a': 'Anne (2)' });
});

it('two speakers whom somebody gave one name keep it', () => {
  const given = new Map([
    ['a', 'Paul'],
    ['b', 'Paul'],
  ]);
  expect(names({ given, heard: new Set(['a', 'b']) })).toEqual({ a: 'Paul', b: 'Paul' });
});

it('ids that end in nothing random stay whole', () => {
  expect(names({ heard: new Set(['jean_pierre', 'salle-12', 'x']) })).toEqual({
    jean_pierre: 'Jean Pierre',
    'salle-12': 'Salle 12',
    x: 'X',
  });
});
