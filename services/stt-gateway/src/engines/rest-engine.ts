import { FormData } from 'undici';
import type { Engine } from '@eloquence/shared/contracts/engine';
import { STT_SAMPLE_RATE_HZ, type VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { wavOf } from '../audio/wav.ts';
import {
  decodeTimeout,
  VENDOR_CAPACITY,
  VENDOR_FRESH_MS,
  type DecodeRequest,
  type EngineCapacity,
  type SpeechEngine,
} from './engine.ts';
import { EngineHttp, parseJson } from './engine-http.ts';
import { baseLanguage } from './language-codes.ts';
import type { RestDialect, RestShape } from './rest-dialects.ts';
import { transcriptionOf } from './transcription.ts';
import { vendorRefusal } from './vendor-refusal.ts';

export interface RestEngineOptions {
  /** Up to and with `/v1`. */
  readonly url: string;
  /** Without one no Authorization is sent. */
  readonly key: string | undefined;
  readonly model: string;
  readonly decodeTimeoutMs: number;
  readonly connections: number;
}

const PROBE_TIMEOUT_MS = 1_500;

/** Any server that speaks OpenAI's `POST /v1/audio/transcriptions`; what sets it apart is its dialect. */
export class RestEngine implements SpeechEngine {
  readonly name: string;
  readonly describeFreshMs = VENDOR_FRESH_MS;
  readonly capacity: EngineCapacity | undefined;
  readonly #dialect: RestDialect;
  readonly #options: RestEngineOptions;
  readonly #http: EngineHttp;
  readonly #shapes: readonly RestShape[];
  /** Index of the first shape that has not been refused. */
  #shape = 0;

  constructor(dialect: RestDialect, options: RestEngineOptions) {
    this.name = dialect.name;
    // A server of one's own is one machine, and does not say what it can do.
    this.capacity = dialect.name === 'rest' ? undefined : VENDOR_CAPACITY;
    this.#dialect = dialect;
    this.#options = options;
    this.#shapes = dialect.shapes(options.model);
    this.#http = new EngineHttp({
      url: options.url,
      headers: options.key ? { authorization: `Bearer ${options.key}` } : {},
      connections: options.connections,
      who: dialect.who,
      refusal: (status, text) => vendorRefusal(dialect, status, text),
    });
  }

  /** A shape is given up when the server refuses it and takes the next one; a request both refuse is the caller's. */
  async decode(request: DecodeRequest): Promise<VerboseTranscription> {
    let refused: unknown;
    for (let index = this.#shape; index < this.#shapes.length; index += 1) {
      try {
        const transcription = await this.#ask(this.#shapes[index] as RestShape, request);
        this.#shape = Math.max(this.#shape, index);
        return transcription;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused ??= error;
      }
    }
    throw refused;
  }

  async describe(signal: AbortSignal): Promise<Engine | undefined> {
    // Not every server lists its models: one that answers is there, and has not refused the key.
    await this.#http.probe('/models', [404, 405], { signal, timeoutMs: PROBE_TIMEOUT_MS });
    const { who, name } = this.#dialect;
    const label = `${name === 'rest' ? new URL(this.#options.url).host : who} ${this.#options.model}`;
    return { id: name, label, label_fr: label, demo: false };
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #ask(shape: RestShape, request: DecodeRequest): Promise<VerboseTranscription> {
    const { model, decodeTimeoutMs } = this.#options;
    const { pcm, keyterms, temperature, signal } = request;
    const language = baseLanguage(request.language);
    const form = new FormData();
    for (const [name, value] of shape.fields({ model, language, keyterms, temperature })) form.append(name, value);
    form.append('file', new Blob([wavOf(pcm)], { type: 'audio/wav' }), 'speech.wav');
    const call = { path: '/audio/transcriptions', method: 'POST', body: form } as const;
    const text = await this.#http.text(call, { signal, timeoutMs: decodeTimeout(request.kind, decodeTimeoutMs) });
    const heard = shape.read(parseJson(text));
    if (!heard) throw new AppError('upstream_failed', `${this.#dialect.who} gave an answer of an unknown shape.`);
    return transcriptionOf({ ...heard, language: heard.language ?? language }, pcm.length / STT_SAMPLE_RATE_HZ);
  }
}

const isRefusal = (error: unknown): boolean => error instanceof AppError && error.code === 'invalid_request';
