import type { Language } from '../contracts/ids.ts';
import type { Speaker } from '../contracts/meeting.ts';

export interface NameSources {
  readonly language: Language;
  /** Everybody who spoke or was heard, in order of their first words. */
  readonly heard: ReadonlySet<Speaker>;
  /** Names people joined with, by speaker, in order of joining. */
  readonly joined: ReadonlyMap<Speaker, string>;
  /** Names somebody gave, by speaker. */
  readonly given: ReadonlyMap<Speaker, string>;
}

/** Tracks of a laptop's recording that say who is heard only from where it stands. */
const TRACKS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  me: { fr: 'Moi', en: 'Me' },
  them: { fr: 'Interlocuteurs', en: 'Others' },
};

/**
 * Names to show, in order of joining: the name somebody gave, else the one its person joined with, else the id made
 * presentable. Two who joined with one name are told apart by a number; names somebody gave stay as they were given.
 */
export function speakerNames({ language, heard, joined, given }: NameSources): Map<Speaker, string> {
  const present = [...joined.keys()].filter((person) => ![...heard].some((other) => other.startsWith(`${person}.`)));
  const speakers = new Set([...present, ...heard, ...given.keys()]);
  const names = new Map<Speaker, string>();
  const taken = new Set(given.values());
  for (const speaker of speakers) {
    const name = given.get(speaker) ?? freeName(guessName(speaker, joined, language), taken);
    taken.add(name);
    names.set(speaker, name);
  }
  return names;
}

function guessName(speaker: Speaker, joined: ReadonlyMap<Speaker, string>, language: Language): string {
  const own = joined.get(speaker);
  if (own !== undefined) return own;
  const [, person = '', track = ''] = /^(.*)\.([^.]+)$/.exec(speaker) ?? [];
  const word = TRACKS[track]?.[language];
  if (!word) return presentable(speaker);
  return (track === 'me' ? joined.get(person) : undefined) ?? word;
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} (${number})`;
  return free;
}

/** `anne-martin-x7k2` -> `Anne Martin`: a random end says nothing to a reader. */
function presentable(speaker: Speaker): string {
  const words = speaker
    .replace(/[-~_](?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{4,}$/, '')
    .split(/[-_.~]+/)
    .filter((word) => word !== '');
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
  return name === '' ? speaker : name;
}
