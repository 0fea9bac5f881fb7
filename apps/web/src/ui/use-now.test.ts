import { expect, it } from 'vitest';
import { clock } from './use-now.ts';

it('a duration is read as a clock', () => {
  expect([0, 999, 75_000, 3_600_000, 3_675_000, -5].map(clock)).toEqual([
    '0:00',
    '0:00',
    '1:15',
    '1:00:00',
    '1:01:15',
    '0:00',
  ]);
});
