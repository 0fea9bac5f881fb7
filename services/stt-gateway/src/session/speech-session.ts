import type { AppError } from '@eloquence/shared/runtime/errors';
import type { SessionEvent } from './session-events.ts';

/** What ends a stretch of speech, and so what one final covers. */
export type TurnPolicy =
  /** So much silence: one final per utterance, as conversations want it. */
  | { readonly type: 'silence'; readonly endpointingMs: number }
  /** Nothing but `finalize` (and the length limit): push to talk. */
  | { readonly type: 'manual' }
  /**
   * Windows of 20 to 30 s cut at silences, because Whisper loses words in shorter ones: minutes and files. With
   * `draftMs` an interim of all speech so far comes no later than that behind it, whatever the load.
   */
  | { readonly type: 'windows'; readonly draftMs: number | undefined };

export interface SessionOptions {
  /** As the client gave it ("fr", "fr-FR"); undefined = found out by the engine, then kept for the session. */
  readonly language: string | undefined;
  /** Words likely to occur: names, products, the glossary of a meeting. */
  readonly keyterms: readonly string[];
  readonly turn: TurnPolicy;
  /** Silence after which `utterance.ended` is told. */
  readonly utteranceEndMs: number | undefined;
  readonly interims: boolean;
  /** Whose share of the engine this is: a name for the caller's key, never the key. */
  readonly tenant: string;
  /** `batch`: nobody listens while it is spoken (files); waits behind everything live. */
  readonly urgency: 'live' | 'batch';
  /** Sampling temperature 0..1 for the engine; 0 = greedy. */
  readonly temperature: number;
}

export interface SessionListener {
  readonly onEvent: (event: SessionEvent) => void;
  /** True: stop reading, what came is not yet worked off. Nothing is dropped; TCP makes the sender wait. */
  readonly onPressure: (pressed: boolean) => void;
  /** The session cannot go on. */
  readonly onFailure: (error: AppError) => void;
}

/** One stream of speech: audio in, SessionEvents out. Wires know no more of what is behind. */
export interface SpeechSession {
  /** Audio received, in seconds. */
  readonly durationS: number;
  /** Samples of audio held now: bounded, whatever the sender does. */
  readonly heldSamples: number;
  /** 16 kHz mono samples, any number of them. */
  push(samples: Int16Array): void;
  /** Ends what is being said now. Its final, or an empty one, will be marked `fromFinalize`. */
  finalize(): void;
  /** Forgets what is being said now: no final comes for it. */
  discard(): void;
  /** As finalize, without the mark; resolves when every final is out. */
  finish(): Promise<void>;
  /** Drops everything at once. */
  close(): void;
}

export type OpenSession = (options: SessionOptions, listener: SessionListener) => SpeechSession;
