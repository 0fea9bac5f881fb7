import { expect, test } from 'vitest';
import { Tenants, unnamedTenant } from './tenants.ts';

test('a tenant is a key: ours is one, each of the others is another, and no name tells the key', () => {
  const tenants = new Tenants('our-own-key', ['first-key', 'second-key']);
  expect(tenants.of('our-own-key')).toBe('internal');
  const [first, second] = [tenants.of('first-key'), tenants.of('second-key')];
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(second).toMatch(/^[0-9a-f]{32}$/);
  expect(first).not.toBe(second);
  expect(tenants.ofKey('first-key')).toBe(first);
  expect(tenants.ofKey('our-own-key')).toBeUndefined();
});

test('a tenant keeps its name when other keys come, go or change places', () => {
  const name = new Tenants('our-own-key', ['first-key', 'second-key']).of('second-key');
  expect(new Tenants('another-one', ['second-key', 'third-key']).of('second-key')).toBe(name);
});

test('keys of one name are one tenant, which is called so and outlives each of them', () => {
  const tenants = new Tenants('our-own-key', ['ventes:first-key', 'ventes:second-key', 'third-key']);
  expect([tenants.ofKey('first-key'), tenants.ofKey('second-key')]).toEqual(['ventes', 'ventes']);
  expect(tenants.ofKey('ventes:first-key')).toBeUndefined();
  expect(tenants.ofKey('third-key')).toBe(unnamedTenant('third-key'));
});

test.each([undefined, '', 'first', 'first-key ', 'FIRST-KEY'])('%s is nobody', (credential) => {
  expect(new Tenants('our-own-key', ['first-key']).of(credential)).toBeUndefined();
});
