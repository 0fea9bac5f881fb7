import { expect, test } from 'vitest';
import { Tenants } from './tenants.ts';

test('a tenant is a key: ours is one, each of the others is another, and no name tells the key', () => {
  const tenants = new Tenants('our-own-key', ['first-key', 'second-key']);
  expect(tenants.of('our-own-key')).toBe('internal');
  expect(tenants.of('first-key')).toBe('key-1');
  expect(tenants.of('second-key')).toBe('key-2');
});

test.each([undefined, '', 'first', 'first-key ', 'FIRST-KEY'])('%s is nobody', (credential) => {
  expect(new Tenants('our-own-key', ['first-key']).of(credential)).toBeUndefined();
});
