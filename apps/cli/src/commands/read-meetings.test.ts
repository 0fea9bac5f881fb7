import { expect, it } from 'vitest';
import { speakerOf } from './read-meetings.ts';

it('a speaker is found by id or by the name in the minutes, and never guessed', () => {
  const names = new Map([
    ['root-x', 'Root'],
    ['root-x.them', 'Les autres (Root)'],
    ['a', 'Anne'],
    ['b', 'Anne'],
  ]);
  expect(speakerOf('root-x', names)).toBe('root-x');
  expect(speakerOf('ROOT', names)).toBe('root-x');
  expect(speakerOf(' les autres (root) ', names)).toBe('root-x.them');
  expect(speakerOf('Anne', names)).toBe('Anne');
  expect(speakerOf('B', names)).toBe('b');
  expect(speakerOf('Zoé', names)).toBe('Zoé');
});
