import type { AppError } from '@eloquence/shared/runtime/errors';

/** A word with its place on the stream's own clock: seconds of audio since the start. */
export interface TimedWord {
  readonly word: string;
  readonly startS: number;
  readonly endS: number;
  readonly probability: number;
}

/** A stretch of text as the engine gave it, with what it says of its own certainty. */
interface TranscriptSegment {
  readonly startS: number;
  readonly endS: number;
  readonly text: string;
  readonly avgLogprob: number | undefined;
  readonly compressionRatio: number | undefined;
  readonly noSpeechProb: number | undefined;
}

export interface Transcript {
  /** Counts the utterances of the session from 1. */
  readonly utterance: number;
  readonly startS: number;
  readonly endS: number;
  readonly text: string;
  readonly words: readonly TimedWord[];
  readonly confidence: number;
  /** The language it was decoded in, as a code; undefined when nothing was decoded or the engine does not say. */
  readonly language: string | undefined;
  readonly segments: readonly TranscriptSegment[];
}

/**
 * Why an utterance ended: its speaker paused, it became too long and was cut, the client asked for what there is, or
 * the client wants it forgotten.
 */
export type SpeechEndCause = 'pause' | 'cut' | 'finalize' | 'discarded';

/**
 * What a session tells its codec. Finals, losses and ends come in spoken order; `speech.started` and `speech.ended` come
 * at once, also while the final of the utterance before is still being decoded. Every codec gets all of it and says what its wire can say.
 * Interims are revisable: each replaces the one before of the same utterance. Of a window, the drafts of the next
 * utterance may come before the final of the one before, so that no text waits for it.
 */
export type SessionEvent =
  | {
      readonly type: 'speech.started';
      readonly utterance: number;
      readonly atS: number;
      /** Nobody has begun to speak: the utterance before was cut, and its speaker goes on. */
      readonly continues?: true;
    }
  /** Only after its `speech.started`. The final of `utterance` follows, unless it was discarded. */
  | { readonly type: 'speech.ended'; readonly utterance: number; readonly atS: number; readonly cause: SpeechEndCause }
  | {
      readonly type: 'transcript.interim';
      readonly transcript: Transcript;
      /**
       * The words, counted from the first, that two decodes in a row agreed on (LocalAgreement-2). Never fewer than
       * in the interim before of the same utterance, and never other words.
       */
      readonly stableWords: readonly string[];
    }
  | {
      readonly type: 'transcript.final';
      readonly transcript: Transcript;
      /** The speaker has paused (false: cut because it became too long, more of the sentence follows). */
      readonly pause: boolean;
      readonly fromFinalize: boolean;
    }
  | { readonly type: 'utterance.ended'; readonly lastWordEndS: number }
  | {
      readonly type: 'utterance.lost';
      readonly utterance: number;
      readonly startS: number;
      readonly endS: number;
      readonly error: AppError;
    };
