import type { Engine } from '@eloquence/shared/contracts/engine';
import type { Voice } from '../voices.ts';

type ProviderId = 'openai' | 'elevenlabs' | 'piper' | 'espeak';

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
  /**
   * Speaks: s16 mono samples at 24 kHz, as they are made.
   *
   * @throws AppError `upstream_failed`, `upstream_rejected`, `rate_limited`, at the start or in the middle; the signal's reason
   *   after an abort, which also kills the child process or closes the vendor's socket
   */
  speak(utterance: Utterance, signal: AbortSignal): AsyncIterable<Int16Array>;
  /** Frees connections kept open. */
  close?(): Promise<void>;
}
