import { problemSchema, type Problem } from '@eloquence/shared/contracts/errors';
import type { Language } from '@eloquence/shared/contracts/ids';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import type * as z from 'zod';
import { exchange, type CallBody } from './http-exchange.ts';
import { refusalInFrench } from './refusal-in-french.ts';

/** The server does not answer at all: nothing is wrong with what was asked. */
export class ServerAwayError extends AppError {}

export interface ApiClientOptions {
  /** Base address, without a slash at its end. */
  readonly url: string;
  readonly key: string | undefined;
  /** Of the sentences people read; the server's own by default. */
  readonly language?: Language;
}

/** What the server has answered; its body is read once, and has to be. */
export interface ApiAnswer {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** @throws the call's signal's reason; ServerAwayError when the connection is lost */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: CallBody;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 15_000;

/** One server, as the command calls it. */
export class ApiClient {
  readonly url: string;
  readonly #key: string | undefined;
  readonly #language: Language | undefined;

  constructor({ url, key, language }: ApiClientOptions) {
    this.url = url;
    this.#language = language;
    this.#key = key || undefined;
  }

  /**
   * One call with an answer of a known shape.
   *
   * @throws AppError as {@link ApiClient.fetch}; `upstream_failed` for an answer of another shape
   */
  async json<S extends z.ZodType>(path: string, schema: S, call: ApiCall = {}): Promise<z.infer<S>> {
    const { timeoutMs = TIMEOUT_MS } = call;
    using abort = new ChildAbort(call.signal, { timeoutMs });
    let value: unknown;
    try {
      const answer = await this.fetch(path, { ...call, signal: abort.signal });
      value = parseJson(await bytesOf(answer.body));
    } catch (error) {
      throw isAbort(error) && !call.signal?.aborted ? this.#late(timeoutMs, error) : error;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new AppError(
      'upstream_failed',
      `Ce qui répond à ${this.url} n'est pas Eloquence, ou pas la même version : la réponse à ${path} a une autre forme.`,
      { cause: parsed.error },
    );
  }

  /**
   * One call; the answer's body is the caller's to read.
   *
   * @throws ServerAwayError when nothing answers; AppError `unauthorized` naming the fix; else the server's own code and sentence
   */
  async fetch(path: string, call: ApiCall = {}): Promise<ApiAnswer> {
    const { method = 'GET', json, body = json === undefined ? undefined : JSON.stringify(json), signal } = call;
    const headers = {
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...(this.#key && { authorization: `Bearer ${this.#key}` }),
      ...call.headers,
    };
    const message = await exchange({ url: `${this.url}${path}`, method, headers, body, signal }).catch(
      (error: unknown) => this.#fail(error, signal),
    );
    const answer = { headers: message.headers, body: this.#read(message, signal) };
    const { statusCode: status = 0 } = message;
    if (status >= 200 && status < 300) return answer;
    throw this.#refusal(status, parseJson(await bytesOf(answer.body).catch(() => Buffer.alloc(0))));
  }

  async *#read(message: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    try {
      yield* message;
    } catch (error) {
      this.#fail(error, signal);
    }
  }

  #fail(error: unknown, signal: AbortSignal | undefined): never {
    throw signal?.aborted ? signal.reason : this.#away(error);
  }

  #away(cause: unknown): ServerAwayError {
    return new ServerAwayError(
      'unavailable',
      `Le serveur Eloquence ne répond pas à ${this.url}. Démarrez-le (« npm start » dans son dossier, ou « docker compose up -d »), ou donnez son adresse : --api URL, ou api.url du fichier de configuration.`,
      { cause },
    );
  }

  #late(timeoutMs: number, cause: unknown): ServerAwayError {
    return new ServerAwayError(
      'unavailable',
      `Le serveur Eloquence à ${this.url} n'a pas répondu en ${Math.round(timeoutMs / 1000)} s. Réessayez ; s'il est surchargé, son journal le dit.`,
      { cause },
    );
  }

  /** A problem the server told, for the person at the command. */
  refusalOf(problem: Problem): AppError {
    const issues = problem.issues?.map(({ path, message }) => `${path}: ${message}`).join('; ');
    const text = issues && !problem.detail.includes(issues) ? `${problem.detail} (${issues})` : problem.detail;
    const said = this.#language === 'fr' ? refusalInFrench(problem.code, text) : text;
    return new AppError(problem.code, said, {
      ...(problem.retry_after_s !== undefined && { retryAfterS: problem.retry_after_s }),
    });
  }

  #refusal(status: number, body: unknown): AppError {
    const problem = problemSchema.safeParse(body).data;
    if (status === 401)
      return new AppError(
        'unauthorized',
        this.#key
          ? `La clé donnée n'est pas une clé de ${this.url}. Donnez une de celles de API_KEYS du serveur : --key, ELOQUENCE_API_KEY, ou api.key du fichier de configuration.`
          : `${this.url} demande une clé. Donnez une de celles de API_KEYS du serveur : --key, ELOQUENCE_API_KEY, ou api.key du fichier de configuration.`,
      );
    if (problem) return this.refusalOf(problem);
    return new AppError(
      status >= 500 ? 'upstream_failed' : 'upstream_rejected',
      `Ce qui répond à ${this.url} n'est pas Eloquence (réponse ${status}). Vérifiez l'adresse : --api URL.`,
    );
  }
}

/** The whole of a body. */
export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

/** undefined for what is no JSON. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
