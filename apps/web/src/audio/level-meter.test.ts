import { expect, it } from 'vitest';
import { levelOf } from './level-meter.ts';

it('a level is 0 at silence, 1 at loud speech, and grows in between', () => {
  expect(levelOf(0)).toBe(0);
  expect(levelOf(0.0001)).toBe(0);
  expect(levelOf(0.5)).toBe(1);
  expect(levelOf(0.01)).toBeCloseTo(0.4, 5);
});
