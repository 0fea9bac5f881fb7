import * as z from 'zod';
import { engineSchema, type Engine } from '@eloquence/shared/contracts/engine';
import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import { verboseTranscriptionSchema, type VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { decodeTimeout, type DecodeRequest, type EngineCapacity, type SpeechEngine } from './engine.ts';
import { EngineHttp, parseAnswer, parseJson } from './engine-http.ts';

export interface WhisperEngineOptions {
  readonly url: string;
  readonly key: string;
  /** Longest wait for one decode; a model on a slow processor needs seconds for a long utterance. */
  readonly decodeTimeoutMs: number;
  /** Connections kept open. */
  readonly connections: number;
}

const WHO = 'The speech engine';
/** Whisper's prompt holds 224 tokens. */
export const MAX_PROMPT_CHARACTERS = 500;

const problemSchema = z.looseObject({ detail: z.string().max(500), code: z.string().max(100).optional() });
/** `label_fr` falls back to `label`: whisper-stt names a downloaded model by its own name in every language. */
const readySchema = z.looseObject({
  engine: engineSchema.partial({ label_fr: true }).optional(),
  capacity: z.looseObject({ calls_at_once: z.number().min(1), calls_per_s: z.number().positive() }).optional(),
});

/** whisper-stt over HTTP: one stateless call per decode, raw samples in the body, options in the query. */
export class WhisperEngine implements SpeechEngine {
  readonly name = 'whisper';
  readonly #decodeTimeoutMs: number;
  readonly #http: EngineHttp;
  #capacity: EngineCapacity | undefined;

  constructor(options: WhisperEngineOptions) {
    this.#decodeTimeoutMs = options.decodeTimeoutMs;
    this.#http = new EngineHttp({
      url: options.url,
      headers: { authorization: `Bearer ${options.key}` },
      connections: options.connections,
      who: WHO,
      refusal,
    });
  }

  get capacity(): EngineCapacity | undefined {
    return this.#capacity;
  }

  async decode(request: DecodeRequest): Promise<VerboseTranscription> {
    const query = new URLSearchParams({ words: 'true', response_format: 'verbose_json', class: request.kind });
    if (request.language) query.set('language', request.language);
    if (request.keyterms.length > 0) query.set('prompt', request.keyterms.join(', ').slice(0, MAX_PROMPT_CHARACTERS));
    if (request.temperature > 0) query.set('temperature', String(request.temperature));
    const { pcm, signal } = request;
    const text = await this.#http.text(
      {
        path: `/v1/audio/transcriptions?${query.toString()}`,
        method: 'POST',
        headers: { 'content-type': 'audio/pcm;rate=16000' },
        body: Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength),
      },
      { signal, timeoutMs: decodeTimeout(request.kind, this.#decodeTimeoutMs) },
    );
    return parseAnswer(text, verboseTranscriptionSchema, WHO);
  }

  async describe(signal: AbortSignal): Promise<Engine | undefined> {
    const text = await this.#http.text({ path: '/ready', method: 'GET' }, { signal, timeoutMs: 1_500 });
    const { engine, capacity } = parseAnswer(text, readySchema, WHO);
    this.#capacity = capacity && { callsAtOnce: Math.floor(capacity.calls_at_once), callsPerS: capacity.calls_per_s };
    return engine && { ...engine, label_fr: engine.label_fr ?? engine.label };
  }

  async close(): Promise<void> {
    await this.#http.close();
  }
}

/** Statuses with which the engine says that the request, not the engine, is at fault. */
const CALLER_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'invalid_audio',
};

/** The engine's problem body as an error of ours: its sentence, our code. */
function refusal(status: number, text: string): AppError {
  const { detail, code: given } = problemSchema.safeParse(parseJson(text)).data ?? {};
  const code = given === 'unsupported_language' ? given : CALLER_CODES[status];
  if (code) return new AppError(code, detail ?? `${WHO} refused the request.`);
  if (status === 429 || given === 'overloaded') return new AppError('overloaded', detail ?? `${WHO} is busy.`);
  if (status === 503) return new AppError('unavailable', detail ?? `${WHO} is not ready.`);
  if (status >= 500) return new AppError('upstream_failed', `${WHO} failed.`);
  // 401 and 404 are our own settings: wrong key, wrong address.
  return new AppError(
    'upstream_rejected',
    `${WHO} answered ${status}: check WHISPER_URL and that INTERNAL_API_KEY is the same for both.`,
  );
}
