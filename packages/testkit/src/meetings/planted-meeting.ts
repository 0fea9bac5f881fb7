import type { SessionId, UtteranceId, Language } from '@eloquence/shared/contracts/ids';
import type { Gap, Speaker, Span } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';

export interface Participant {
  readonly speaker: Speaker;
  /** As LiveKit knows it: `<person>~<random>`. */
  readonly identity: string;
  readonly name: string;
  /** How the others call this person. */
  readonly firstName: string;
}

/** Words of one utterance that say a fact, verbatim. */
export interface SaidWords {
  readonly utteranceId: UtteranceId;
  readonly quote: string;
}

/** One time a fact is said: with another line (question and answer) the fact is known only when both are. */
export interface Mention {
  readonly words: readonly SaidWords[];
  /** How a good minute of these words reads. */
  readonly note: string;
  /** First word of it, ms. */
  readonly startMs: number;
}

/**
 * Whose task, as the transcript tells it. `ambiguous`: a first name two participants have; naming either would be a guess.
 */
export type TrueOwner =
  | { readonly kind: 'speaker'; readonly speaker: Speaker; readonly said: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'ambiguous'; readonly name: string };

export interface TrueDue {
  /** As said, verbatim. */
  readonly text: string;
  /** Days it may mean (ISO), the likeliest first; several where people themselves would ask. */
  readonly dates: readonly string[];
}

export type Flavour =
  | 'plain'
  /** Words of one utterance that begins before a chunk's end and stops after it. */
  | 'across_the_line'
  /** Asked before a chunk's end, taken on after it. */
  | 'answered_across_the_line'
  | 'three_times'
  | 'other_words'
  | 'retracted'
  | 'retracted_at_once'
  | 'settled';

export interface PlantedFact {
  /** `f1`, `f2`, … */
  readonly id: string;
  readonly kind: 'decision' | 'action' | 'question';
  readonly flavour: Flavour;
  /** An infinitive (decisions, actions), or the question. */
  readonly statement: string;
  /** Every right note of it contains all of these (compared without case and accents, words by their beginning). */
  readonly keys: readonly string[];
  readonly mentions: readonly Mention[];
  readonly owner: TrueOwner | null;
  readonly due: TrueDue | null;
  /** Taken back (decisions, actions) or answered (questions) by these words. */
  readonly undone: Mention | null;
}

/**
 * Something said that must not become a decision or an action. `proposal`: nobody agreed · `negated`: they said they did not ·
 * `injection`: words to the model that writes the minutes.
 */
export interface Trap {
  readonly kind: 'proposal' | 'negated' | 'injection';
  readonly words: SaidWords;
  /** What a credulous minute would say. */
  readonly claim: string;
}

/** A meeting that nobody held, and everything that is true of it. */
export interface PlantedMeeting {
  readonly seed: number;
  readonly sessionId: SessionId;
  readonly language: Language;
  readonly title: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly intervalMs: number;
  readonly participants: readonly Participant[];
  /** In spoken order. */
  readonly utterances: readonly Utterance[];
  /** What the scribe says it heard, as it says it: at least every 10 s. */
  readonly spans: readonly Span[];
  readonly gaps: readonly Gap[];
  /** Nobody says a word between these times. */
  readonly silences: readonly { readonly startMs: number; readonly endMs: number }[];
  readonly facts: readonly PlantedFact[];
  readonly traps: readonly Trap[];
}
