import type { Chunk, Due, Evidence, ItemKind, MeetingItem, Owner } from '@eloquence/shared/contracts/meeting';
import { meetingOptionsSchema } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import type { Meeting } from '../meetings/meeting.ts';

const SESSION = 'ses_aaaaaaaaaaaaaaaaaaaa';

/** An item as tests write it; the rest follows. */
export interface Written {
  readonly kind: ItemKind;
  readonly text: string;
  readonly startMs?: number;
  readonly evidence?: readonly Evidence[];
  readonly owner?: Owner;
  readonly due?: Due;
  readonly takes_back?: string | null;
  readonly settles?: boolean;
}

/** Letters and digits 2 to 7, as ids are made of. */
function utteranceId(number: number): string {
  return `utt_${number.toString(8).padStart(16, '0').replaceAll('0', 'a').replaceAll('1', 'b')}`;
}

export function evidenceAt(startMs: number, quote: string, speaker = 'anne'): Evidence {
  return { utterance_id: utteranceId(startMs), speaker, start_ms: startMs, end_ms: startMs + 3_000, quote };
}

export function chunkOf(n: number, items: readonly Written[], overrides: Partial<Chunk> = {}): Chunk {
  const numbers = new Map<string, number>();
  return {
    session_id: SESSION,
    n,
    revision: 1,
    start_ms: n * 600_000,
    end_ms: (n + 1) * 600_000,
    status: 'summarised',
    input_hash: `hash${n}`,
    writer: { kind: 'model', model: 'fake/notes', prompt_hash: 'p' },
    items: items.map(({ kind, text, startMs = n * 600_000, evidence, ...written }): MeetingItem => {
      const letter = kind.charAt(0);
      const number = (numbers.get(letter) ?? 0) + 1;
      numbers.set(letter, number);
      const common = {
        item_id: `c${n}-${letter}${number}`,
        text,
        evidence: evidence ? [...evidence] : [evidenceAt(startMs, text)],
      };
      switch (kind) {
        case 'action':
          return { kind, ...common, owner: written.owner ?? null, due: written.due ?? null };
        case 'retraction':
          return { kind, ...common, takes_back: written.takes_back ?? null, settles: written.settles ?? false };
        default:
          return { kind, ...common };
      }
    }),
    unverified: [],
    glossary: [],
    ...overrides,
  };
}

export function said(startMs: number, text: string, speaker = 'anne'): Utterance {
  return {
    utterance_id: utteranceId(startMs),
    speaker,
    role: 'user',
    text,
    start_ms: startMs,
    end_ms: startMs + 3_000,
  };
}

/** A meeting of half an hour that is over. */
export function meetingOf(overrides: Partial<Meeting> = {}): Meeting {
  return {
    sessionId: SESSION,
    language: 'fr',
    title: 'Réunion Projet X',
    startedAtMs: Date.parse('2026-01-19T14:00:00Z'),
    endedAtMs: Date.parse('2026-01-19T14:30:00Z'),
    options: meetingOptionsSchema.parse({}),
    consent: null,
    state: 'writing',
    utterances: [],
    speakers: new Map([['anne', 'Anne']]),
    spans: [{ speaker: 'anne', start_ms: 0, end_ms: 1_800_000 }],
    gaps: [],
    silentSources: [],
    chunks: [],
    ...overrides,
  };
}
