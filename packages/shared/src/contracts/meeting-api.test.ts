import { expect, it } from 'vitest';
import { audioQuerySchema } from './meeting-api.ts';

const read = (start_ms: unknown) => audioQuerySchema.safeParse({ speaker: 'anne.me', start_ms });

it('sound is put where its sender says in digits: nothing at all is not the beginning', () => {
  expect(read('60000').data).toEqual({ speaker: 'anne.me', start_ms: 60_000 });
  for (const odd of ['', ' ', '-1', '1.5', '1e3', '0x10', 'NaN', '2000000001', '99999999999', undefined, ['1', '2']])
    expect(read(odd).success, String(odd)).toBe(false);
});
