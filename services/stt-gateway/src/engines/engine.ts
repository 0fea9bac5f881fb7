import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import type { DecodeKind } from '../decoding/scheduler.ts';
import type { Engine } from '@eloquence/shared/contracts/engine';

export interface DecodeRequest {
  /** 16 kHz mono. */
  readonly pcm: Int16Array<ArrayBuffer>;
  /** As the caller gave it ("fr", "fr-FR"); undefined = the engine finds out. */
  readonly language?: string;
  /** Words likely to occur; how they reach the model is the engine's dialect. */
  readonly keyterms: readonly string[];
  /** 0 = greedy. */
  readonly temperature: number;
  /** What the text is for: an engine with a queue of its own lets the urgent pass. */
  readonly kind: DecodeKind;
  readonly signal: AbortSignal;
}

/**
 * What turns a whole utterance into text. Stateless: the gateway owns hearing, segmentation and scheduling.
 *
 * `decode` throws AppError: `unavailable`, `upstream_failed` when the engine is away and may come back (the caller keeps
 * the audio and asks again), `upstream_timeout`, `upstream_rejected`/`invalid_request` when asking again is no use. It
 * rejects with the signal's reason when that aborts.
 */
export interface SpeechEngine {
  /** Label of metrics. */
  readonly name: string;
  decode(request: DecodeRequest): Promise<VerboseTranscription>;
  /** Who listens, for /ready. Throws AppError while the engine cannot decode. */
  describe(signal: AbortSignal): Promise<Engine | undefined>;
  close(): Promise<void>;
}
