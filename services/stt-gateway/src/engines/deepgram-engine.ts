import * as z from 'zod';
import type { Engine } from '@eloquence/shared/contracts/engine';
import { STT_SAMPLE_RATE_HZ, type VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { wavOf } from '../audio/wav.ts';
import { deepgramQuery } from './deepgram-query.ts';
import { DeepgramStream, type DeepgramStreamLimits } from './deepgram-stream.ts';
import { EngineHttp, parseAnswer } from './engine-http.ts';
import {
  decodeTimeout,
  VENDOR_CAPACITY,
  VENDOR_FRESH_MS,
  type DecodeRequest,
  type EngineStream,
  type StreamingEngine,
  type StreamListener,
  type StreamOptions,
} from './engine.ts';
import { baseLanguage, languageCode } from './language-codes.ts';
import { transcriptionOf } from './transcription.ts';
import { vendorRefusal } from './vendor-refusal.ts';

export interface DeepgramEngineOptions {
  /** ws(s) or http(s), without path. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly decodeTimeoutMs: number;
  readonly connections: number;
  readonly limits: DeepgramStreamLimits;
}

const PROBE_TIMEOUT_MS = 1_500;
const settings = {
  who: 'Deepgram',
  keySetting: 'DEEPGRAM_API_KEY',
  urlSetting: 'DEEPGRAM_BASE_URL',
  modelSetting: 'DEEPGRAM_MODEL',
} as const;

const answerSchema = z.looseObject({
  results: z.looseObject({
    channels: z
      .array(
        z.looseObject({
          detected_language: z.string().optional(),
          alternatives: z
            .array(
              z.looseObject({
                transcript: z.string(),
                languages: z.array(z.string()).optional(),
                words: z
                  .array(
                    z.looseObject({
                      word: z.string(),
                      punctuated_word: z.string().optional(),
                      start: z.number(),
                      end: z.number(),
                      confidence: z.number().optional(),
                    }),
                  )
                  .default([]),
              }),
            )
            .min(1),
        }),
      )
      .min(1),
  }),
});

/** Deepgram: its socket for what is being said, its files API for what has been said already. */
export class DeepgramEngine implements StreamingEngine {
  readonly name = 'deepgram';
  readonly describeFreshMs = VENDOR_FRESH_MS;
  readonly capacity = VENDOR_CAPACITY;
  readonly #options: DeepgramEngineOptions;
  readonly #http: EngineHttp;

  constructor(options: DeepgramEngineOptions) {
    this.#options = options;
    this.#http = new EngineHttp({
      url: options.url.replace(/^ws/, 'http'),
      headers: { authorization: `Token ${options.key}` },
      connections: options.connections,
      who: settings.who,
      refusal: (status, text) => vendorRefusal(settings, status, text),
    });
  }

  async decode(request: DecodeRequest): Promise<VerboseTranscription> {
    const { model, decodeTimeoutMs } = this.#options;
    const { pcm, keyterms, language, signal } = request;
    const query = deepgramQuery({ model, language, keyterms });
    const text = await this.#http.text(
      {
        path: `/v1/listen?${query.toString()}`,
        method: 'POST',
        headers: { 'content-type': 'audio/wav' },
        body: wavOf(pcm),
      },
      { signal, timeoutMs: decodeTimeout(request.kind, decodeTimeoutMs) },
    );
    const [channel] = parseAnswer(text, answerSchema, settings.who).results.channels;
    const best = channel?.alternatives[0];
    const words = best?.words.map(({ word, punctuated_word: written = word, start, end, confidence }) => ({
      word: written,
      start,
      end,
      probability: confidence ?? null,
    }));
    const said = languageCode(channel?.detected_language ?? best?.languages?.[0]) ?? baseLanguage(language);
    const parts = { text: best?.transcript ?? '', words, language: said };
    return transcriptionOf(parts, pcm.length / STT_SAMPLE_RATE_HZ);
  }

  openStream(options: StreamOptions, listener: StreamListener): EngineStream {
    const { url, key, model, limits } = this.#options;
    return new DeepgramStream({ url, key, model, limits, settings }, options, listener);
  }

  async describe(signal: AbortSignal): Promise<Engine | undefined> {
    // A self-hosted Deepgram has no projects, and a key may transcribe without seeing any.
    await this.#http.probe('/v1/projects', [403, 404, 405], { signal, timeoutMs: PROBE_TIMEOUT_MS });
    const label = `Deepgram ${this.#options.model}`;
    return { id: this.name, label, label_fr: label, demo: false };
  }

  async close(): Promise<void> {
    await this.#http.close();
  }
}
