import { timingSafeEqual } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { LogController, type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  isResponseSerializationError,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import * as z from 'zod';
import { healthSchema, readinessSchema, type Engine } from '../contracts/engine.ts';
import type { ErrorCode } from '../contracts/errors.ts';
import { AppError, toProblem } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Telemetry } from './telemetry.ts';

/** One dependency a service needs before it can do its work. Resolves, or rejects with the reason. */
export interface ReadinessCheck {
  readonly name: string;
  /** Shown when it fails, but the service counts as ready: work it can do without. */
  readonly advisory?: boolean;
  readonly check: (signal: AbortSignal) => Promise<string | void>;
}

export interface ServiceOptions {
  readonly service: string;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly readiness: readonly ReadinessCheck[];
  /** What the service runs on, for `/ready`; a function because it may change (failover). */
  readonly engine?: () => Engine | undefined;
  readonly bodyLimitBytes?: number;
  readonly requestTimeoutMs?: number;
  /** Number of proxies in front; 0 = the socket's own address is the caller. */
  readonly trustProxy?: boolean;
}

const READINESS_TIMEOUT_MS = 2_000;
const DRAIN_MS = 2_000;
/** A caller mends a few at a time; a body can have as many as it has members. */
const MOST_ISSUES = 20;
/** The router takes path parameters of at most 100 characters; a longer one is no path of ours. */
const LONGEST_PARAMETER = '[^/]{1,100}';

/**
 * A fastify server with what every service shares: zod in and out, RFC 9457 errors, `/health`, `/ready`, `/metrics`,
 * request metrics by route template (never by URL: ids must not become labels). It does not listen; `main.ts` does.
 * Requests are not logged line by line: paths hold ids, and the histogram says more.
 */
export function createService(options: ServiceOptions) {
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes ?? 1_048_576,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    trustProxy: options.trustProxy ?? false,
    forceCloseConnections: true,
    // A path that cannot be decoded: no route, no hook, no error handler sees it.
    frameworkErrors: (error, request, reply) => {
      const failure = new AppError('invalid_request', 'The path is not valid: check its % escapes.', { cause: error });
      sendError(failure, request, reply);
    },
    clientErrorHandler: refuseRaw,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // A JSON route that gets plain text should say so, not that text is no object.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply));
  const paths = new KnownPaths();
  app.addHook('onRoute', (route) => paths.add(route.url, [route.method].flat()));
  app.setNotFoundHandler((request, reply) => {
    const allowed = paths.methodsOf(pathOf(request));
    if (allowed.length === 0)
      throw new AppError('not_found', `There is nothing at ${request.method} ${pathOf(request)}.`);
    reply.header('allow', allowed.join(', '));
    throw new AppError('method_not_allowed', `Use ${allowed.join(' or ')} at ${pathOf(request)}.`);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const labels = {
      service: options.service,
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: String(reply.statusCode),
    };
    options.telemetry.observe('eloquence_http_request_seconds', labels, reply.elapsedTime / 1000);
    done();
  });
  app.get('/health', { schema: { response: { 200: healthSchema }, hide: true } }, () => ({
    status: 'ok' as const,
  }));
  app.get(
    '/ready',
    { schema: { response: { 200: readinessSchema, 503: readinessSchema }, hide: true } },
    async (_request, reply) => {
      const readiness = await readinessOf(options);
      return reply.code(readiness.status === 'ready' ? 200 : 503).send(readiness);
    },
  );
  app.get('/metrics', { schema: { response: { 200: z.string() }, hide: true } }, async (_request, reply) => {
    reply.type(options.telemetry.registry.contentType);
    return options.telemetry.registry.metrics();
  });
  return app;
}

/** The server type routes are written against. */
export type Service = ReturnType<typeof createService>;

/** Runs every readiness check at once, each with its own deadline. */
async function readinessOf(options: ServiceOptions): Promise<z.infer<typeof readinessSchema>> {
  const signal = AbortSignal.timeout(READINESS_TIMEOUT_MS);
  const checks = await Promise.all(
    options.readiness.map(async ({ name, check }) => {
      try {
        const deadline = new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('no answer in 2 s')), { once: true });
        });
        const detail = await Promise.race([check(signal), deadline]);
        return { name, ok: true, ...(detail && { detail }) };
      } catch (error) {
        return { name, ok: false, detail: error instanceof Error ? error.message : 'failed' };
      }
    }),
  );
  const engine = options.engine?.();
  const isReady = checks.every(({ ok }, index) => ok || options.readiness[index]?.advisory === true);
  return { status: isReady ? 'ready' : 'not_ready', checks, ...(engine && { engine }) };
}

/** Which methods the paths of a service answer, for a 405 that names them. Wildcard routes (the web page) do not count. */
class KnownPaths {
  readonly #paths = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  add(url: string, methods: readonly string[]): void {
    if (url.includes('*')) return;
    const source = url
      .split('/')
      .map((part) =>
        part.startsWith(':') ? LONGEST_PARAMETER : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`),
      )
      .join('/');
    const known = this.#paths.get(url) ?? { pattern: new RegExp(`^${source}$`), methods: new Set() };
    for (const method of methods) known.methods.add(method);
    this.#paths.set(url, known);
  }

  methodsOf(path: string): string[] {
    return [...this.#paths.values()].flatMap(({ pattern, methods }) => (pattern.test(path) ? [...methods] : []));
  }
}

/** Answers what Node's parser refuses before there is a request. */
function refuseRaw(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const tooBig = error.code === 'HPE_HEADER_OVERFLOW';
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const detail = tooBig ? 'The headers are too large.' : late ? 'The request took too long.' : 'This is not HTTP.';
  const status = tooBig ? '431 Request Header Fields Too Large' : late ? '408 Request Timeout' : '400 Bad Request';
  const problem = toProblem(new AppError('invalid_request', detail));
  const body = JSON.stringify({ ...problem, status: Number(status.slice(0, 3)) });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json; charset=utf-8\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // A client that never closes its side would keep the socket for ever.
  setTimeout(() => socket.destroy(), DRAIN_MS).unref();
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

/** Codes fastify itself throws -> ours, so that every error body has one of our stable codes. */
const fastifyCodes: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_REQ_FILE_TOO_LARGE: 'payload_too_large',
  // A path that leads out of a folder of files.
  FST_STATIC_FORBIDDEN_PATH: 'not_found',
};

function toAppError(error: FastifyError): AppError {
  if (error instanceof AppError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const { length } = error.validation;
    const issues = error.validation.slice(0, MOST_ISSUES).map((issue) => ({
      path: `${error.validationContext ?? 'body'}${issue.instancePath.replaceAll('/', '.')}`,
      message: issue.message ?? 'is not valid',
    }));
    const list = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
    const rest = length > MOST_ISSUES ? `; and ${length - MOST_ISSUES} more` : '';
    return new AppError('invalid_request', `The request is not valid. ${list}${rest}`, { issues });
  }
  if (isResponseSerializationError(error)) return AppError.from(error);
  const code = fastifyCodes[error.code];
  if (code) return new AppError(code, `${error.message}.`, { cause: error });
  if (error.statusCode === 429)
    return new AppError('rate_limited', 'Too many requests. Wait a little and try again.', { cause: error });
  if (error.statusCode === 400) return new AppError('invalid_request', `${error.message}.`, { cause: error });
  return AppError.from(error);
}

/** Sends any thrown value as a problem body; ours are logged with their cause, the caller's only at debug level. */
export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const failure = toAppError(error);
  const log = { err: failure, code: failure.code, route: request.routeOptions.url };
  // Being full is no fault, and whoever comes again would fill the log with it.
  if (failure.status >= 500 && failure.code !== 'overloaded') request.log.error(log, 'request failed');
  else request.log.debug(log, 'request refused');
  if (failure.retryAfterS !== undefined) reply.header('retry-after', String(Math.ceil(failure.retryAfterS)));
  const problem = toProblem(failure, request.id);
  afterBody(request, () => {
    // The serializer of the route's own schema would refuse this shape, so the body is written as text.
    reply
      .code(failure.status)
      .serializer((body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body)))
      .type('application/problem+json; charset=utf-8')
      .send(JSON.stringify(problem));
  });
}

/**
 * A client that is still sending when its request is refused (too large, wrong key) would see a broken connection instead of
 * the answer: what is left of the body is read and dropped first, for at most {@link DRAIN_MS}.
 */
function afterBody({ raw }: FastifyRequest, answer: () => void): void {
  // A request of fastify's inject() is whole from the start.
  const receiving = raw instanceof IncomingMessage && !raw.complete;
  if (!receiving || raw.destroyed || raw.headers.upgrade) return answer();
  const finish = () => {
    clearTimeout(timer);
    raw.off('end', finish).off('close', finish);
    answer();
  };
  const timer = setTimeout(finish, DRAIN_MS);
  raw.on('end', finish).on('close', finish).resume();
}

/** True when `given` equals one of the keys, compared in constant time. */
export function isKnownKey(given: string | undefined, keys: readonly string[]): boolean {
  if (!given) return false;
  const bytes = Buffer.from(given);
  let known = false;
  for (const key of keys) {
    const expected = Buffer.from(key);
    if (expected.length === bytes.length && timingSafeEqual(expected, bytes)) known = true;
  }
  return known;
}

/** The key in `Authorization: Bearer K` or Deepgram's `Token K`; undefined when there is none. */
export function credentialOf(authorization: string | undefined): string | undefined {
  return /^(?:Bearer|Token) +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** An `onRequest` hook that lets only holders of one of the keys pass. */
export function requireKey(keys: readonly string[]) {
  return async (request: FastifyRequest): Promise<void> => {
    if (isKnownKey(credentialOf(request.headers.authorization), keys)) return;
    throw new AppError('unauthorized', 'Send a valid key as "Authorization: Bearer <key>".');
  };
}
