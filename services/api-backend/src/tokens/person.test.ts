import { audioQuerySchema } from '@eloquence/shared/contracts/meeting-api';
import { expect, it } from 'vitest';
import { People, shownName } from './person.ts';

const people = new People('secret');

it('is the same person however often they join, and whatever they are called by then', () => {
  const marie = people.personOf({ user_id: 'marie@example.com', name: 'Marie' });
  expect(people.personOf({ user_id: 'marie@example.com', name: 'Marie Curie' })).toBe(marie);
  expect(new People('secret').personOf({ user_id: 'marie@example.com' })).toBe(marie);
  expect(marie).toMatch(/^marie-[a-z2-7]{10}$/);
});

it('keeps two people of one name apart when their ids say so', () => {
  const [one, other] = ['u1', 'u2'].map((user_id) => people.personOf({ user_id, name: 'Marie' }));
  expect(one).not.toBe(other);
  expect(people.personOf({ user_id: 'marie' })).not.toBe(people.personOf({ name: 'marie' }));
  expect(people.personOf({ user_id: 'marie@a.fr' })).not.toBe(people.personOf({ user_id: 'marie@b.fr' }));
});

it('takes people without an id for one when they give one name, however it is typed', () => {
  const zoe = people.personOf({ name: 'Zoé  Durand' });
  for (const name of ['zoé durand', ' ZOÉ DURAND ', 'Zoe\u0301 Durand']) expect(people.personOf({ name })).toBe(zoe);
  expect(people.personOf({ name: 'Zoe Durand' })).not.toBe(zoe);
  expect(zoe).toMatch(/^zoe-durand-/);
});

it('shows neither hosts nor numbers of ids, and cannot be guessed without the key', () => {
  const phone = people.personOf({ user_id: '+33612345678' });
  expect(phone).toMatch(/^person-[a-z2-7]{10}$/);
  expect(new People('other').personOf({ user_id: '+33612345678' })).not.toBe(phone);
  expect(people.personOf({ user_id: 'jean.petit@clinic.example' })).toMatch(/^jean-petit-[a-z2-7]{10}$/);
});

it('fits into identities and speakers, whatever the name', () => {
  const names = [
    '~.~',
    '李明',
    '🎉',
    'a'.repeat(120),
    "l'été — d'Anne-Sophie",
    '.',
    '-x-',
    'x'.repeat(23) + '-y',
    undefined,
  ];
  for (const name of names) {
    const person = people.personOf(name === undefined ? {} : { name });
    expect(person.length, name).toBeLessThanOrEqual(40);
    expect(person, name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*-[a-z2-7]{10}$/);
    expect(audioQuerySchema.safeParse({ speaker: `${person}.them`, start_ms: '0' }).success, name).toBe(true);
  }
});

it('shows a name where there is one, and an id only when it reads like one', () => {
  expect(shownName({ name: 'Marie', user_id: 'u1' })).toBe('Marie');
  expect(shownName({ user_id: 'marie.curie@example.com' })).toBe('marie.curie');
  expect(shownName({ user_id: '+33612345678' })).toBeNull();
  expect(shownName({ user_id: 'guest-7q2k' })).toBeNull();
  expect(shownName({})).toBeNull();
});
