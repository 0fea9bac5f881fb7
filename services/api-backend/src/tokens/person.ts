import { createHmac } from 'node:crypto';
import type { JoinRequest } from '@eloquence/shared/contracts/meeting-api';

/** Who joins a meeting, as far as we were told. */
export type Joiner = Pick<JoinRequest, 'name' | 'user_id'>;

const MAX_SLUG = 24;
const DIGEST_CHARACTERS = 10;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** A phone number, or an id: nothing to read, and the first is nobody else's business. */
const LONG_NUMBER = /\d{5,}/g;

/**
 * Gives people of meetings the stable part of their identity, `<readable>-<digest>`: the same for the same person however often
 * they join, another for another person of the same name.
 *
 * A person is who `user_id` says, whatever they are called; without one, who has that name: "Marie", "marie " and "MARIE" are one.
 * Identities can be read by everybody in the room, so the digest is keyed (a phone number could be guessed from a plain one) and
 * only the harmless part of a user id is in the readable one: no host of an e-mail address, no long number.
 */
export class People {
  readonly #secret: Buffer;

  /** @param key any secret of the service; a key of its own is derived from it */
  constructor(key: string) {
    this.#secret = createHmac('sha256', key).update('eloquence person v1').digest();
  }

  /** Of letters a to z, digits and `-`; 40 characters at most. Nobody at all is a person too, always the same. */
  personOf({ user_id: userId, name }: Joiner): string {
    const text = userId === undefined ? foldName(name ?? '') : withoutHost(userId).replaceAll(LONG_NUMBER, '');
    const proof = userId === undefined ? `name:${foldName(name ?? '')}` : `user:${userId}`;
    return `${slugOf(text) || 'person'}-${this.#digest(proof)}`;
  }

  #digest(text: string): string {
    const bytes = createHmac('sha256', this.#secret).update(text).digest();
    return [...bytes.subarray(0, DIGEST_CHARACTERS)].map((byte) => ALPHABET[byte & 31]).join('');
  }
}

/** What to show where no name was given: a user id that reads like one. */
export function shownName({ user_id: userId, name }: Joiner): string | null {
  if (name !== undefined) return name;
  const readable = withoutHost(userId ?? '');
  return /^\p{L}[\p{L}._-]{0,39}$/u.test(readable) ? readable : null;
}

const withoutHost = (userId: string): string => userId.split('@', 1)[0] ?? '';

/** Names are the same however they are typed: case, accents as one or two characters, spaces around. */
const foldName = (name: string): string => name.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase();

function slugOf(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG)
    .replaceAll(/^-|-$/g, '');
}
