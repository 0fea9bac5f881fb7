import { describe, expect, it } from 'vitest';
import { ModelNames } from './model-names.ts';

const row = { tenant: 'marie', day: '2026-11-21', provider: 'rest', model: 'm' };

describe('names of models in the accounts', () => {
  it('are theirs, until a tenant has made up 100 in a day; the rest is one more', () => {
    const names = new ModelNames();
    const written = new Set<string>();
    for (let index = 0; index < 3000; index += 1) written.add(names.of({ ...row, model: `made-up-${index}` }));
    expect(written.size).toBe(101);
    expect(names.of({ ...row, model: 'made-up-0' })).toBe('made-up-0');
    expect(names.of({ ...row, model: 'made-up-2999' })).toBe('other');
  });

  it('of one tenant cost no other its own, and the next day begins anew', () => {
    const names = new ModelNames();
    for (let index = 0; index < 200; index += 1) names.of({ ...row, model: `made-up-${index}` });
    expect(names.of({ ...row, tenant: 'paul' })).toBe('m');
    expect(names.of(row)).toBe('other');
    expect(names.of({ ...row, day: '2026-11-22' })).toBe('m');
  });
});
