import type { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import * as z from 'zod';
import { engineSchema, type Engine } from '@eloquence/shared/contracts/engine';
import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import { verboseTranscriptionSchema, type VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { DecodeRequest, SpeechEngine } from './engine.ts';

export interface WhisperEngineOptions {
  readonly url: string;
  readonly key: string;
  /** Longest wait for one decode; a model on a slow processor needs seconds for a long utterance. */
  readonly decodeTimeoutMs: number;
  /** Connections kept open; the engine's slots and the REST callers share them. */
  readonly connections: number;
}

/** A request of a REST caller, handed on as it came. */
export interface ForwardRequest {
  readonly path: string;
  readonly contentType: string;
  readonly body: Readable;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface ForwardAnswer {
  readonly contentType: string;
  readonly body: Readable;
}

/** Whisper's prompt holds 224 tokens. */
const MAX_PROMPT_CHARACTERS = 500;

/** A transcription of 20 s of speech with word times is some 10 kB. */
const MAX_ANSWER_BYTES = 1_048_576;

const problemSchema = z.looseObject({ detail: z.string().max(500), code: z.string().max(100).optional() });
/** `label_fr` falls back to `label`: whisper-stt names a downloaded model by its own name in every language. */
const readySchema = z.looseObject({ engine: engineSchema.partial({ label_fr: true }).optional() });

const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** whisper-stt over HTTP: one stateless call per decode, connections kept alive. */
export class WhisperEngine implements SpeechEngine {
  readonly name = 'whisper';
  readonly #options: WhisperEngineOptions;
  readonly #pool: Pool;

  constructor(options: WhisperEngineOptions) {
    this.#options = options;
    this.#pool = new Pool(options.url, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: 60_000,
      connectTimeout: 2_000,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async decode(request: DecodeRequest): Promise<VerboseTranscription> {
    const query = new URLSearchParams({ words: 'true', response_format: 'verbose_json' });
    if (request.language) query.set('language', request.language);
    if (request.keyterms.length > 0) query.set('prompt', request.keyterms.join(', ').slice(0, MAX_PROMPT_CHARACTERS));
    if (request.temperature > 0) query.set('temperature', String(request.temperature));
    const { pcm, signal } = request;
    const { decodeTimeoutMs: timeoutMs } = this.#options;
    const text = await this.#callOnceMore(
      {
        path: `/v1/audio/transcriptions?${query.toString()}`,
        method: 'POST',
        headers: { 'content-type': 'audio/pcm;rate=16000' },
        body: Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength),
      },
      { signal, timeoutMs },
    );
    return parseAnswer(text, verboseTranscriptionSchema);
  }

  async describe(signal: AbortSignal): Promise<Engine | undefined> {
    const text = await this.#callOnceMore({ path: '/ready', method: 'GET' }, { signal, timeoutMs: 1_500 });
    const { engine } = parseAnswer(text, readySchema);
    return engine && { ...engine, label_fr: engine.label_fr ?? engine.label };
  }

  /** `GET /v1/models` of the engine, as it answers. */
  async models(signal: AbortSignal): Promise<unknown> {
    const text = await this.#callOnceMore({ path: '/v1/models', method: 'GET' }, { signal, timeoutMs: 5_000 });
    return parseAnswer(text, z.looseObject({ data: z.array(z.unknown()) }));
  }

  /** Streams a caller's body through. No second try: the body has gone by. */
  async forward(request: ForwardRequest): Promise<ForwardAnswer> {
    using abort = new ChildAbort(request.signal, { timeoutMs: request.timeoutMs });
    try {
      const response = await this.#pool.request({
        path: request.path,
        method: 'POST',
        headers: { ...this.#authorization(), 'content-type': request.contentType },
        body: request.body,
        signal: abort.signal,
      });
      if (response.statusCode >= 400)
        throw refusal(response.statusCode, await readText(response.body), response.headers);
      const contentType = response.headers['content-type'];
      return { contentType: typeof contentType === 'string' ? contentType : 'application/json', body: response.body };
    } catch (error) {
      throw this.#translate(error, request.signal, request.timeoutMs);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  /** A kept-alive connection may be closed by the other side just as it is used; that costs one more try, no more. */
  async #callOnceMore(
    request: Dispatcher.RequestOptions,
    limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<string> {
    using abort = new ChildAbort(limits.signal, { timeoutMs: limits.timeoutMs });
    const call = () => this.#call({ ...request, signal: abort.signal });
    try {
      return await call().catch((error: unknown) => {
        if (isConnectionError(error) && !abort.signal.aborted) return call();
        throw error;
      });
    } catch (error) {
      throw this.#translate(error, limits.signal, limits.timeoutMs);
    }
  }

  async #call(request: Dispatcher.RequestOptions): Promise<string> {
    const response = await this.#pool.request({
      ...request,
      headers: { ...this.#authorization(), ...(request.headers as Record<string, string> | undefined) },
    });
    const text = await readText(response.body);
    if (response.statusCode >= 400) throw refusal(response.statusCode, text, response.headers);
    return text;
  }

  #authorization(): Record<string, string> {
    return { authorization: `Bearer ${this.#options.key}` };
  }

  #translate(error: unknown, signal: AbortSignal, timeoutMs: number): unknown {
    if (signal.aborted) return signal.reason;
    if (error instanceof AppError) return error;
    if (error instanceof Error && error.name === 'TimeoutError')
      return new AppError('upstream_timeout', `The speech engine did not answer within ${timeoutMs} ms.`, {
        cause: error,
      });
    if (isConnectionError(error))
      return new AppError('unavailable', 'The speech engine cannot be reached.', { cause: error, retryAfterS: 5 });
    return new AppError('upstream_failed', 'The speech engine failed.', { cause: error });
  }
}

function isConnectionError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && CONNECTION_ERRORS.has(code)) return true;
  const causes = error instanceof AggregateError ? error.errors : [];
  return causes.some(isConnectionError);
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER_BYTES)
      throw new AppError('upstream_failed', 'The speech engine gave an answer that is too long.');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseAnswer<S extends z.ZodType>(text: string, schema: S): z.infer<S> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // The cause is left out: zod's message may quote what was said.
  throw new AppError('upstream_failed', 'The speech engine gave an answer of an unknown shape.');
}

/** Statuses with which the engine says that the request, not the engine, is at fault. */
const CALLER_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'invalid_audio',
};

/** The engine's problem body as an error of ours: its sentence, our code. */
function refusal(status: number, text: string, headers: Record<string, string | string[] | undefined>): AppError {
  const { detail, code: given } = problemOf(text) ?? {};
  const code = given === 'unsupported_language' ? given : CALLER_CODES[status];
  if (code) return new AppError(code, detail ?? 'The speech engine refused the request.');
  if (status === 503 || status === 429) {
    const retryAfterS = Number(headers['retry-after']);
    return new AppError('unavailable', detail ?? 'The speech engine is not ready.', {
      retryAfterS: Number.isFinite(retryAfterS) && retryAfterS > 0 ? retryAfterS : 5,
    });
  }
  if (status >= 500) return new AppError('upstream_failed', 'The speech engine failed.');
  // 401 and 404 are our own settings: wrong key, wrong address.
  return new AppError(
    'upstream_rejected',
    `The speech engine answered ${status}: check WHISPER_URL and that INTERNAL_API_KEY is the same for both.`,
  );
}

function problemOf(text: string): z.infer<typeof problemSchema> | undefined {
  try {
    return problemSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
