import { expect, it } from 'vitest';
import { faultOfApiKey, parseApiKey } from './api-key.ts';

const key = '0123456789abcdef';

it.each([
  [key, { name: undefined, key }],
  [`ventes:${key}`, { name: 'ventes', key }],
  [`ventes:${key}:more`, { name: 'ventes', key: `${key}:more` }],
  [`V:${key}`, { name: undefined, key: `V:${key}` }],
  [`${'a'.repeat(32)}:${key}`, { name: undefined, key: `${'a'.repeat(32)}:${key}` }],
])('%s is read as name and key', (entry, read) => {
  expect(parseApiKey(entry)).toEqual(read);
  expect(faultOfApiKey(entry)).toBeUndefined();
});

it('refuses a key that can be guessed, also behind a name, and names that are taken', () => {
  for (const short of ['', 'short', 'ventes:short', `ventes:${key} x`])
    expect(faultOfApiKey(short), short).toMatch(/at least 16 characters/);
  for (const name of ['internal', 'local']) expect(faultOfApiKey(`${name}:${key}`)).toMatch(/is taken/);
});
