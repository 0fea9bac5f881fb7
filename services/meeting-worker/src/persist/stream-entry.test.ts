import { expect, test } from 'vitest';
import { rawOf, toEntries } from './stream-entry.ts';

test('entries whose content is gone are kept, so that they can be acknowledged', () => {
  expect(toEntries([['1-0', ['event', '{}']], ['2-0', null], 'nonsense'])).toEqual([
    { id: '1-0', fields: ['event', '{}'] },
    { id: '2-0', fields: [] },
  ]);
  expect(toEntries(null)).toEqual([]);
});

test('raw content is what Postgres can hold as text', () => {
  expect(rawOf({ id: '1-0', fields: ['event', 'a\u0000b'] })).toBe('a\uFFFDb');
  expect(rawOf({ id: '1-0', fields: ['x', 'event'] })).toBe('["x","event"]');
});
