import type { Language } from '@eloquence/shared/contracts/ids';
import type { ItemKind, Speaker } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import { wallClockMs } from '@eloquence/shared/runtime/wall-clock';

/** An utterance as the model sees it. */
export interface Line {
  /** From 1; 0 and below: said before, shown for context, already counted. */
  readonly position: number;
  readonly utterance: Utterance;
  /** Its speaker, as shown. */
  readonly name: string;
}

/** An item of an earlier chunk that is still open. */
export interface CarriedItem {
  readonly itemId: string;
  readonly kind: Exclude<ItemKind, 'retraction' | 'topic' | 'highlight'>;
  readonly text: string;
  readonly hasOwner: boolean;
  readonly hasDue: boolean;
}

/** What a model is asked about, and what its answer is checked against. */
export interface Passage {
  readonly language: Language;
  /** Number of the chunk. */
  readonly n: number;
  /** ms since epoch. */
  readonly startedAtMs: number;
  /** IANA name: by whose calendar "tomorrow" is. */
  readonly timeZone: string;
  readonly lines: readonly Line[];
  readonly carried: readonly CarriedItem[];
  readonly glossary: readonly string[];
  /** Everybody's names. */
  readonly speakers: ReadonlyMap<Speaker, string>;
}

/** When a line was said by the clock on the wall there, see `wallClockMs`: what "tomorrow" counts from. */
export const wallClockOf = (
  { utterance }: Line,
  { startedAtMs, timeZone }: Pick<Passage, 'startedAtMs' | 'timeZone'>,
): number => wallClockMs(startedAtMs + utterance.start_ms, timeZone);

/** Names spoken lines: the one at a position. */
export const lineAt = (lines: readonly Line[], position: number): Line | undefined =>
  lines.find((line) => line.position === position);
