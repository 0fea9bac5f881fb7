import { speakerSchema, type Speaker } from '@eloquence/shared/contracts/meeting';

/** Name of a track that carries what a machine plays: the other side of a call, not its owner. */
const THEM = 'them';

/**
 * Who of the transcript speaks in a track. Tokens of meetings have identities `<person>~<random>`, so that a person who comes
 * back is the same speaker; identities without `~` are used whole. What no speaker's name may hold is percent-encoded.
 *
 * @param trackName name the track was published under
 */
export function speakerOf(identity: string, trackName = ''): Speaker {
  const at = identity.lastIndexOf('~');
  const person = at > 0 ? identity.slice(0, at) : identity;
  const safe = speakerSchema.safeParse(person).success ? person : encodeURIComponent(person.toWellFormed());
  // Room for the track within the contract's 160 characters.
  const base = safe.slice(0, 150) || 'unknown';
  return trackName === THEM ? `${base}.${THEM}` : base;
}
