import type { Language, UtteranceId } from '@eloquence/shared/contracts/ids';
import type { ChunkAnswer } from '@eloquence/shared/contracts/meeting-llm';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import { noNotes } from '@eloquence/testkit/meetings/honest-notes';
import type { CarriedItem, Passage } from '../lines.ts';

/** People of the little meetings of these tests. Two have one first name. */
export const PEOPLE: ReadonlyMap<string, string> = new Map([
  ['marie', 'Marie Dupont'],
  ['marie2', 'Marie Lefèvre'],
  ['karim', 'Karim Benali'],
  ['sophie', 'Sophie Lambert'],
]);

/** A Monday. */
export const MONDAY_MS = Date.UTC(2026, 0, 19, 14, 30);

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
const idOf = (index: number): UtteranceId =>
  `utt_${ALPHABET[Math.floor(index / 26)]}${ALPHABET[index % 26]}${'a'.repeat(14)}`;

/** One utterance per text `speaker: words`, ten seconds each, from 0. */
export function utterances(said: readonly string[]): Utterance[] {
  return said.map((line, index) => {
    const colon = line.indexOf(': ');
    return {
      utterance_id: idOf(index),
      speaker: line.slice(0, colon),
      role: 'user',
      text: line.slice(colon + 2),
      start_ms: index * 10_000,
      end_ms: index * 10_000 + 8_000,
    };
  });
}

export interface PassageOptions {
  readonly language?: Language;
  readonly carried?: readonly CarriedItem[];
  /** How many of the texts were said before the chunk. */
  readonly before?: number;
  readonly startedAtMs?: number;
  readonly timeZone?: string;
}

export function passage(said: readonly string[], options: PassageOptions = {}): Passage {
  const { language = 'fr', carried = [], before = 0, startedAtMs = MONDAY_MS, timeZone = 'Europe/Paris' } = options;
  return {
    language,
    n: 1,
    startedAtMs,
    timeZone,
    lines: utterances(said).map((utterance, index) => ({
      position: index + 1 - before,
      utterance,
      name: PEOPLE.get(utterance.speaker) ?? utterance.speaker,
    })),
    carried,
    glossary: [],
    speakers: PEOPLE,
  };
}

export const NOTHING: Readonly<ChunkAnswer> = noNotes();

/** Evidence that quotes whole lines. */
export const lines = (of: Passage, ...positions: readonly number[]) =>
  positions.map((segment) => ({
    segment,
    quote: of.lines.find(({ position }) => position === segment)?.utterance.text ?? '',
  }));
