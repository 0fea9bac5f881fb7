import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Engine } from '@eloquence/shared/contracts/engine';
import { modelListSchema, type ModelList } from '@eloquence/shared/contracts/transcriptions';
import { AppError } from '@eloquence/shared/runtime/errors';
import { credentialOf, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { OpenSession } from '../session/speech-session.ts';
import type { Tenants } from '@eloquence/shared/runtime/tenants';
import { FileJob, type FileLimits } from './file-job.ts';
import { FilePlaces, type FilePlacesOptions } from './file-places.ts';

export interface RestOptions {
  readonly tenants: Tenants;
  readonly openSession: OpenSession;
  /** Why no new work should be let in, or undefined. */
  readonly admit: (tenant: string) => AppError | undefined;
  /** False while speech detection is being restarted. */
  readonly hears: () => boolean;
  /** Rejects with AppError `unsupported_language`. */
  readonly checkLanguage: (language: string | undefined) => Promise<void>;
  /** What listens; undefined while it is away. */
  readonly engine: (signal: AbortSignal) => Promise<Engine | undefined>;
  readonly telemetry: Telemetry;
  readonly limits: FileLimits & FilePlacesOptions;
}

/** Ends what is being transcribed: streams with an error event, other requests with a problem body. */
export type StopFiles = () => Promise<void>;

/** Names clients send because they know no others. Every name is taken: what listens is the operator's choice. */
const ALIASES = ['whisper-1', 'gpt-transcribe', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe'];
const ENGINE_TIMEOUT_MS = 2_000;

/** OpenAI's `POST /v1/audio/transcriptions` and `GET /v1/models`, over whatever engine there is. */
export function restRoutes(app: Service, options: RestOptions): StopFiles {
  const { limits, telemetry } = options;
  const places = new FilePlaces(limits, telemetry);
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  const createdS = Math.floor(Date.now() / 1000);
  const tenantOf = ({ headers }: FastifyRequest) => options.tenants.of(credentialOf(headers.authorization));
  const onRequest = async (request: FastifyRequest) => {
    if (tenantOf(request)) return;
    throw new AppError('unauthorized', 'Send a valid key as "Authorization: Bearer <key>" or "Token <key>".');
  };
  // Bodies are read by the job, whatever they call themselves.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.get('/v1/models', { onRequest, schema: { response: { 200: modelListSchema } } }, async () => {
    const engine = await options.engine(AbortSignal.timeout(ENGINE_TIMEOUT_MS)).catch(() => undefined);
    return listModels(engine, createdS);
  });
  app.post('/v1/audio/transcriptions', { onRequest }, async (request, reply) => {
    const tenant = tenantOf(request) ?? '';
    const caller = callerSignal(reply);
    const signal = AbortSignal.any([caller, stop.signal]);
    const job = new FileJob({ request, reply, tenant, signal }, { ...options, limits });
    const work = (async () => {
      stop.signal.throwIfAborted();
      if (!options.hears())
        throw new AppError('unavailable', 'Speech detection is starting. Try again.', { retryAfterS: 1 });
      const refusal = options.admit(tenant);
      if (refusal) throw refusal;
      await refuseWithoutEngine(options.engine);
      using place = new DisposableStack();
      place.use(places.take(tenant));
      await job.run();
    })();
    const settled = work.catch(() => undefined);
    running.add(settled);
    try {
      await work;
      telemetry.count('eloquence_stt_files_total', { outcome: 'ok' });
    } catch (error) {
      telemetry.count('eloquence_stt_files_total', {
        outcome: caller.aborted ? 'cancelled' : AppError.from(error).code,
      });
      // Nobody is there to be answered.
      if (caller.aborted) return reply.hijack();
      if (job.failStream(error)) return reply;
      // What is left of the upload must not be waited for on this connection.
      if (!request.raw.complete) reply.header('connection', 'close');
      throw error;
    } finally {
      running.delete(settled);
    }
    return reply;
  });
  return async () => {
    stop.abort(new AppError('unavailable', 'The service is stopping. Send the recording again.', { retryAfterS: 5 }));
    await Promise.all(running);
  };
}

function listModels(engine: Engine | undefined, created: number): ModelList {
  const ids = new Set([...(engine ? [engine.id] : []), ...ALIASES]);
  return {
    object: 'list',
    data: [...ids].map((id) => ({ id, object: 'model' as const, created, owned_by: 'eloquence' })),
  };
}

/** Aborts when the caller hangs up before the answer. */
function callerSignal(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  // The response's own event: the socket lives on for other requests.
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort(new DOMException('the caller hung up', 'AbortError'));
  });
  return abort.signal;
}

/** A recording is not taken in to wait for an engine that is away already. One that is slow to answer may only be busy. */
async function refuseWithoutEngine(engine: RestOptions['engine']): Promise<void> {
  try {
    await engine(AbortSignal.timeout(ENGINE_TIMEOUT_MS));
  } catch (error) {
    if (error instanceof AppError && error.code === 'unavailable') throw error;
  }
}
