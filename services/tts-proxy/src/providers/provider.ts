import type { Engine } from '@eloquence/shared/contracts/engine';
import type { ProviderId, Voice } from '../voices/voice.ts';

/** One request to a provider: a clause or a sentence. */
export interface Utterance {
  /** Never empty, no markup, no control characters. */
  readonly text: string;
  readonly voice: Voice;
  /** 1 = the voice's own pace; a provider with a narrower range than 0.25 to 4 goes to its nearest end. */
  readonly speed: number;
  /** How to speak; providers that take no such thing pass it over. */
  readonly instructions?: string;
}

/** The port every voice sits behind. */
export interface SpeechProvider {
  readonly id: ProviderId;
  readonly engine: Engine;
  /** Another provider behind this one is asked when it has made no sound for so long, ms; a local program needs longer. */
  readonly hedgeAfterMs?: number;
  /** Everything here that decides how an utterance sounds (model, its version, the voice's name): part of a cache key. */
  identity(voice: Voice): string;
  /**
   * Speaks: s16 mono samples at 24 kHz, as they are made, as the provider made them (not levelled, not trimmed).
   *
   * @throws AppError `upstream_failed`, `upstream_rejected`, `rate_limited`, at the start or in the middle; the signal's reason
   *   after an abort, which also kills the child process or closes the vendor's socket
   * @param onUncertainEnd called when the answer does not say where it ends, so that a part of it would look whole: it is
   *   heard, and not kept
   */
  speak(utterance: Utterance, signal: AbortSignal, onUncertainEnd?: () => void): AsyncIterable<Int16Array>;
  /**
   * Whether it would speak now: reachable, key accepted, voice there. Costs nothing, speaks nothing.
   *
   * @throws AppError naming the fix
   */
  check(signal: AbortSignal): Promise<void>;
  /** Frees connections kept open. */
  close?(): Promise<void>;
}
