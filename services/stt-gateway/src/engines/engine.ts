import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import type { DecodeKind } from '../decoding/scheduler.ts';
import type { Engine } from '@eloquence/shared/contracts/engine';
import type { AppError } from '@eloquence/shared/runtime/errors';

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

/** A window of a file is long, waits behind everything live inside the engine too, and nobody waits for it. */
const FILE_PATIENCE = 6;

/** The longest a decode may take; ms. */
export function decodeTimeout(kind: DecodeKind, decodeTimeoutMs: number): number {
  return kind === 'file' ? FILE_PATIENCE * decodeTimeoutMs : decodeTimeoutMs;
}

/** What an engine can do, by its own account. */
export interface EngineCapacity {
  /** Calls worth giving it at once. */
  readonly callsAtOnce: number;
  /** Calls per second when it has so many; undefined = each call is served as fast as one alone. */
  readonly callsPerS?: number;
}

/**
 * What turns a whole utterance into text. Stateless: the gateway owns hearing, segmentation and scheduling.
 *
 * `decode` throws AppError: `overloaded` when the engine is there and has too much to do; `unavailable`,
 * `upstream_failed` when it is away and may come back (the caller keeps
 * the audio and asks again), `upstream_timeout`, `upstream_rejected`/`invalid_request` when asking again is no use. It
 * rejects with the signal's reason when that aborts. What an engine does not say is left out: no words, no segments;
 * `language` is empty when neither the engine nor the caller named one.
 */
export interface SpeechEngine {
  /** Label of metrics. */
  readonly name: string;
  decode(request: DecodeRequest): Promise<VerboseTranscription>;
  /** As last heard of; undefined = it does not say, and has to be found out. */
  readonly capacity?: EngineCapacity | undefined;
  /** For how long an answer of `describe` holds while decodes succeed: asking a vendor counts against its limits. */
  readonly describeFreshMs?: number;
  /** Who listens, for /ready. Throws AppError while the engine cannot decode. */
  describe(signal: AbortSignal): Promise<Engine | undefined>;
  close(): Promise<void>;
}

export interface StreamOptions {
  readonly language: string | undefined;
  readonly keyterms: readonly string[];
  /** Silence that ends an utterance; undefined = only `finalize` does. */
  readonly endpointingMs: number | undefined;
  /** Silence after which `utterance_end` is told; undefined = never. */
  readonly utteranceEndMs: number | undefined;
}

/** A word on the stream's own clock: seconds of audio since it was opened. */
interface StreamWord {
  readonly word: string;
  readonly startS: number;
  readonly endS: number;
  readonly probability: number;
}

/** What a streaming engine says of a stretch of audio. */
export interface StreamResult {
  readonly type: 'result';
  readonly startS: number;
  readonly endS: number;
  readonly text: string;
  readonly words: readonly StreamWord[];
  readonly confidence: number;
  /** A code; undefined when the engine does not say. */
  readonly language: string | undefined;
  /** This stretch will not be said again in other words. */
  readonly final: boolean;
  /** The speaker has paused at its end. */
  readonly pause: boolean;
  readonly fromFinalize: boolean;
}

export type StreamEvent =
  | { readonly type: 'started'; readonly atS: number }
  | StreamResult
  | { readonly type: 'utterance_end'; readonly lastWordEndS: number };

/** Nothing of it is called before `openStream` has returned. */
export interface StreamListener {
  readonly onEvent: (event: StreamEvent) => void;
  /** True: what was pushed is not yet sent. */
  readonly onPressure: (pressed: boolean) => void;
  /** Once, and nothing after it. Without an error: all that was pushed before `finish` is told. */
  readonly onEnd: (error?: AppError) => void;
}

/** One stream of speech at an engine that segments and decodes by itself. Times are seconds of the audio pushed. */
export interface EngineStream {
  push(samples: Int16Array): void;
  /** Makes a final of what is there. An engine may leave it unanswered when there is nothing. */
  finalize(): void;
  finish(): void;
  close(): void;
}

/** A vendor's machines are many: each call is served as if alone, until its rate limit says otherwise. */
export const VENDOR_CAPACITY: EngineCapacity = { callsAtOnce: 8 };

/** How long a vendor's `describe` holds. */
export const VENDOR_FRESH_MS = 30_000;

/** An engine that can also be fed as the speech comes. */
export interface StreamingEngine extends SpeechEngine {
  openStream(options: StreamOptions, listener: StreamListener): EngineStream;
}

export function isStreaming(engine: SpeechEngine): engine is StreamingEngine {
  return 'openStream' in engine;
}
