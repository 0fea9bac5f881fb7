import { expect, test } from 'vitest';
import { MONDAY_MS, passage } from '../test-support/passages.ts';
import { rulesItems } from '../rules.ts';
import { dateOf, dueWordsIn } from './due-date.ts';

test.each([
  ['fr', 'dans 999999999 jours'],
  ['fr', 'dans 4000000 jours'],
  ['fr', 'sous cent milliards semaines'],
  ['en', 'in 999999999 days'],
  ['en', 'within two billion weeks'],
] as const)('a day no calendar has is none, and ends nothing (%s: %s)', (language, words) => {
  expect(dateOf(words, language, MONDAY_MS)).toBeNull();
  expect(dueWordsIn(words, language, MONDAY_MS)).toEqual([words]);
});

test('minutes are made of a meeting in which somebody jests', () => {
  const items = rulesItems(passage(['karim: Je vais ranger mon bureau dans 999999999 jours.']));
  expect(items).toMatchObject([{ kind: 'action', due: { date: null } }]);
});

test('days and weeks are counted from when it was said', () => {
  expect(dateOf('dans dix jours', 'fr', MONDAY_MS)).toBe('2026-01-29');
  expect(dateOf('in two weeks', 'en', MONDAY_MS)).toBe('2026-02-02');
});
