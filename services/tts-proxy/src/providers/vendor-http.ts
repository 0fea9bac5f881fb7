import { Pool, type Dispatcher } from 'undici';
import { brokenOff, statusError, type Peer } from './upstream-error.ts';

/** The default of 4 s would close the connection between two sentences. */
const KEEP_ALIVE_MS = 60_000;
const CONNECT_TIMEOUT_MS = 3_000;
const BODY_TIMEOUT_MS = 10_000;
/** Error bodies are a few hundred bytes; lists of voices some 100 kB. */
const MAX_TEXT_BYTES = 4_194_304;

export interface VendorHttpOptions {
  readonly peer: Peer;
  /** Its path goes before every request's. */
  readonly baseUrl: string;
  /** Sent with every request: the credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** A status with its body as an error, where the vendor says more in the body; undefined: the status says it all. */
  readonly refusal?: (status: number, body: string) => Error | undefined;
}

interface Call {
  readonly path: string;
  /** Sent as JSON; without one it is a GET. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

/** An answer whose body is still coming. */
export interface SoundAnswer {
  readonly contentType: string;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of an answer that is not read. */
  discard(): void;
}

/** Requests to one vendor: connections kept open, an abort that closes the socket, errors in our words. */
export class VendorHttp {
  readonly #options: VendorHttpOptions;
  readonly #pool: Pool;
  readonly #prefix: string;

  constructor(options: VendorHttpOptions) {
    this.#options = options;
    const base = new URL(options.baseUrl);
    this.#prefix = base.pathname.replace(/\/+$/, '');
    // One answer per connection at a time (pipelining would queue a sentence behind another), HTTP/1.1: an abort ends it at once.
    this.#pool = new Pool(base.origin, {
      connections: 32,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      bodyTimeout: BODY_TIMEOUT_MS,
    });
  }

  /** @throws AppError; the signal's reason after an abort */
  async open(call: Call): Promise<SoundAnswer> {
    return this.#translate(call, async () => {
      const { statusCode, headers, body } = await this.#send(call);
      if (statusCode >= 300) throw await this.#refused({ statusCode, headers, body });
      const header = (name: string) => headerText(headers[name]);
      return {
        contentType: header('content-type') ?? '',
        header,
        body: this.#translated(call, body),
        discard: () => {
          body.on('error', () => undefined);
          body.destroy();
        },
      };
    });
  }

  /**
   * The text of a small answer.
   *
   * @param tolerated statuses that say no more than that there is nothing at this path
   * @throws as `open` does
   */
  async text(call: Call, tolerated: readonly number[] = []): Promise<string> {
    return this.#translate(call, async () => {
      const { statusCode, headers, body } = await this.#send(call);
      const isGood = statusCode < 300 || tolerated.includes(statusCode);
      if (!isGood) throw await this.#refused({ statusCode, headers, body });
      return readText(body);
    });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #send({ path, body, signal }: Call): Promise<Dispatcher.ResponseData> {
    const isPost = body !== undefined;
    return this.#pool.request({
      method: isPost ? 'POST' : 'GET',
      path: this.#prefix + path,
      headers: { ...this.#options.headers, ...(isPost && { 'content-type': 'application/json' }) },
      ...(isPost && { body: JSON.stringify(body) }),
      signal,
    });
  }

  async #refused({
    statusCode: status,
    headers,
    body,
  }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>) {
    const said = await readText(body).catch(() => '');
    const retryAfter = headerText(headers['retry-after']);
    return this.#options.refusal?.(status, said) ?? statusError(this.#options.peer, { status, retryAfter });
  }

  async *#translated(call: Call, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      call.signal.throwIfAborted();
      throw brokenOff(this.#options.peer, error);
    }
  }

  async #translate<T>({ signal }: Call, work: () => Promise<T>): Promise<T> {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw brokenOff(this.#options.peer, error);
    }
  }
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_TEXT_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
