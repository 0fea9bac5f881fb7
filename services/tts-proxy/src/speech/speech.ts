import type { Engine } from '@eloquence/shared/contracts/engine';
import type { CacheScope } from '@eloquence/shared/contracts/tts';
import type { AppError } from '@eloquence/shared/runtime/errors';
import type { Voice } from '../voices/voice.ts';

export interface SpeechOptions {
  readonly voice: Voice;
  /** 0.25 to 4; 1 = the voice's own pace. */
  readonly speed: number;
  readonly instructions?: string;
  /** Who may hear a kept copy; `none` keeps nothing, but copies that are kept already are used. */
  readonly cache: CacheScope;
  /** Whose request it is, see `Tenants`. */
  readonly tenant: string;
}

/** What a speech is made of, in the order it is heard. */
export type SpeechPiece =
  /** The next piece of text begins; every `audio` up to the next `sentence` belongs to it. */
  | { readonly type: 'sentence'; readonly text: string; readonly engine: Engine; readonly cached: boolean }
  /** s16 mono 24 kHz, never empty: trimmed, levelled, ends faded. */
  | { readonly type: 'audio'; readonly samples: Int16Array }
  /** The voice broke off in the middle of the sentence; its rest is not spoken, so that no word is heard twice. */
  | { readonly type: 'broken'; readonly error: AppError }
  /** All text before a `flush` has been spoken. */
  | { readonly type: 'flushed' };

/** One answer being spoken while its text is still being written. The wires use it; `Speaker` makes it. */
export interface Speech {
  /**
   * Adds text; it is cut and spoken as soon as a clause or a sentence is complete.
   *
   * @throws AppError `payload_too_large` when more text waits than the speech may hold
   */
  write(text: string): void;
  /** The text so far is complete: speak what has no end yet. */
  flush(): void;
  /** No more text comes; `pieces` ends after the last sound. Implies `flush`. */
  end(): void;
  /**
   * To be read once. Reading slowly slows the voices down (what is made ahead is bounded).
   *
   * @throws AppError when a sentence could not be spoken by anybody before its first sound; the signal's reason after an abort
   */
  readonly pieces: AsyncIterable<SpeechPiece>;
  /** Stops all voices at once and gives the places back; more than one call does no harm. */
  close(): void;
}

/** Opens speeches; a seam between the wires and the making of sound. */
export interface SpeechOpener {
  /** @throws AppError `overloaded` when too many are being spoken */
  open(options: SpeechOptions, signal: AbortSignal): Promise<Speech>;
}
