import type { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import type * as z from 'zod';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { retryAfterSeconds } from '@eloquence/shared/runtime/retry-after';

type Headers = Record<string, string | string[] | undefined>;

export interface EngineHttpOptions {
  /** Base URL; its path is put before every request's. */
  readonly url: string;
  /** Sent with every request: the credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Connections kept open. */
  readonly connections: number;
  /** Who answers, for sentences: "The speech engine", "OpenAI". */
  readonly who: string;
  /** What a status of 400 and above means. */
  readonly refusal: (status: number, text: string) => AppError;
}

export interface EngineCall {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Dispatcher.RequestOptions['body'];
}

interface Limits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** A transcription of 20 s of speech with word times is some 10 kB; ten minutes of a file some 300 kB. */
const MAX_ANSWER_BYTES = 4_194_304;
const DEFAULT_RETRY_AFTER_S = 5;

const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Calls to one engine: connections kept alive, a deadline, an abort that closes the connection, errors in our words. */
export class EngineHttp {
  readonly #options: EngineHttpOptions;
  readonly #pool: Pool;
  readonly #prefix: string;

  constructor(options: EngineHttpOptions) {
    this.#options = options;
    const url = new URL(options.url);
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#pool = new Pool(url.origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: 60_000,
      connectTimeout: 2_000,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * The body of a good answer. A kept-alive connection may be closed by the other side just as it is used; that costs
   * one more try, no more.
   *
   * @throws AppError as the engine port says, the signal's reason when it aborts
   */
  async text(call: EngineCall, limits: Limits): Promise<string> {
    using abort = new ChildAbort(limits.signal, { timeoutMs: limits.timeoutMs });
    const once = async () => {
      const { body } = await this.#request(call, abort.signal);
      return readText(body, this.#options.who);
    };
    try {
      return await once().catch((error: unknown) => {
        if (isConnectionError(error) && !abort.signal.aborted) return once();
        throw error;
      });
    } catch (error) {
      throw this.#translate(error, limits);
    }
  }

  /**
   * Asks for something small, to see whether the other side is there and takes the credentials.
   *
   * @param tolerated statuses that say no more than that there is nothing at this path
   * @throws AppError as `text` does
   */
  async probe(path: string, tolerated: readonly number[], limits: Limits): Promise<void> {
    using abort = new ChildAbort(limits.signal, { timeoutMs: limits.timeoutMs });
    try {
      const { body } = await this.#request({ path, method: 'GET' }, abort.signal, tolerated);
      await readText(body, this.#options.who);
    } catch (error) {
      throw this.#translate(error, limits);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #request(
    call: EngineCall,
    signal: AbortSignal,
    tolerated: readonly number[] = [],
  ): Promise<Dispatcher.ResponseData> {
    const { headers, refusal, who } = this.#options;
    const response = await this.#pool.request({
      method: call.method,
      path: this.#prefix + call.path,
      headers: { ...headers, ...call.headers },
      body: call.body ?? null,
      signal,
    });
    if (response.statusCode < 400 || tolerated.includes(response.statusCode)) return response;
    const error = refusal(response.statusCode, await readText(response.body, who));
    const comesBack = error.code === 'unavailable' || error.code === 'overloaded';
    throw comesBack ? new AppError(error.code, error.message, { retryAfterS: retryAfterOf(response.headers) }) : error;
  }

  #translate(error: unknown, { signal, timeoutMs }: Limits): unknown {
    const { who, url } = this.#options;
    if (signal.aborted) return signal.reason;
    if (error instanceof AppError) return error;
    if (error instanceof Error && error.name === 'TimeoutError')
      return new AppError('upstream_timeout', `${who} did not answer within ${timeoutMs} ms.`, { cause: error });
    if (isConnectionError(error))
      return new AppError('unavailable', `${who} cannot be reached at ${new URL(url).host}.`, {
        cause: error,
        retryAfterS: DEFAULT_RETRY_AFTER_S,
      });
    return new AppError('upstream_failed', `${who} failed.`, { cause: error });
  }
}

/** Seconds to wait, by the answer's Retry-After. */
export function retryAfterOf(headers: Headers): number {
  return retryAfterSeconds([headers['retry-after']].flat()[0]) ?? DEFAULT_RETRY_AFTER_S;
}

function isConnectionError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && CONNECTION_ERRORS.has(code)) return true;
  const causes = error instanceof AggregateError ? error.errors : [];
  return causes.some(isConnectionError);
}

async function readText(body: Readable, who: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER_BYTES) throw new AppError('upstream_failed', `${who} gave an answer that is too long.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws AppError `upstream_failed` when the text is not JSON of that shape */
export function parseAnswer<S extends z.ZodType>(text: string, schema: S, who: string): z.infer<S> {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  // The cause is left out: zod's message may quote what was said.
  throw new AppError('upstream_failed', `${who} gave an answer of an unknown shape.`);
}

/** undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
