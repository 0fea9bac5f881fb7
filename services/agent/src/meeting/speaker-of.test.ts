import { speakerSchema } from '@eloquence/shared/contracts/meeting';
import { expect, test } from 'vitest';
import { speakerOf } from './speaker-of.ts';

test('a person who comes back under another identity is the same speaker', () => {
  expect(speakerOf('anna-3f~k2j9')).toBe('anna-3f');
  expect(speakerOf('anna-3f~zz81', 'me')).toBe('anna-3f');
  expect(speakerOf('a~b~k2j9')).toBe('a~b');
});

test('an identity without a random part is used whole', () => {
  expect(speakerOf('user-8f2k')).toBe('user-8f2k');
  expect(speakerOf('~alone')).toBe('~alone');
});

test('the sound of a machine is a speaker of its own', () => {
  expect(speakerOf('anna~k2j9', 'them')).toBe('anna.them');
});

test('whatever an identity holds, a speaker is of the contract, and two people stay two', () => {
  const identities = ['Anna Müller~1', 'Anna Muller~1', '\uD800~1', 'é'.repeat(300), '李明~x', ''];
  const speakers = identities.flatMap((identity) => [speakerOf(identity), speakerOf(identity, 'them')]);
  for (const speaker of speakers) expect(speakerSchema.safeParse(speaker).success, speaker).toBe(true);
  expect(new Set(speakers).size).toBe(speakers.length);
});
