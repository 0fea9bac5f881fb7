import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { audioQuerySchema, audioResponseSchema, type AudioEvent } from '@eloquence/shared/contracts/meeting-api';
import { AppError, isAbort, toProblem } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { problems } from '../http/docs.ts';
import { AUDIO_ROUTE } from '../http/body-deadline.ts';
import { sendsSound } from '../http/rate-limit.ts';
import { sessionParamsSchema } from '../sessions/find-session.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { requireOpenMeeting } from './require-open-meeting.ts';
import type { Progress, SoundUpload } from './sound-upload.ts';

export interface AudioRouteDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly uploads: SoundUpload;
}

/** Proxies close what is silent, many after 30 s. */
const HEARTBEAT_MS = 15_000;

/** `POST /api/sessions/{id}/audio`: sound that did not go through the room. */
export async function registerAudioRoutes(app: Service, deps: AudioRouteDeps): Promise<void> {
  await app.register(async (plugin) => {
    const scope = plugin.withTypeProvider<ZodTypeProvider>();
    // Recordings of hours are passed on as they come, whatever they call themselves.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post(
      AUDIO_ROUTE,
      {
        config: sendsSound,
        schema: {
          tags: ['meetings'],
          summary: 'Sound of one speaker that did not go through the room, or an existing recording',
          description:
            'The body is the file: WAV, FLAC, Ogg, MP3, MP4, WebM, or `audio/pcm;rate=16000`. Its words become utterances at ' +
            '`start_ms` of the meeting; what was heard of this speaker already is left out, so it may be sent again. ' +
            'With `Accept: text/event-stream` the answer says how far it is: `audio.progress`, at the end `audio.done` or the event `error`.',
          params: sessionParamsSchema,
          querystring: audioQuerySchema,
          consumes: ['audio/*', 'video/*', 'application/octet-stream'],
          response: { 200: audioResponseSchema, ...problems(400, 401, 403, 404, 409, 413, 415, 429, 500, 503) },
        },
      },
      async (request, reply) => {
        const session = await requireOpenMeeting(deps, request.params.session_id);
        requireRecording(request);
        const { speaker, start_ms: startMs, name } = request.query;
        const told = new ProgressStream(reply, wantsEvents(request));
        const caller = callerSignal(reply);
        try {
          const result = await deps.uploads.read({
            session,
            speaker,
            startMs,
            name,
            body: request.body as Readable,
            contentType: request.headers['content-type'],
            contentLength: lengthOf(request),
            signal: caller,
            onProgress: (progress) => told.progress(progress),
          });
          if (!told.done(result)) return result;
        } catch (error) {
          if (caller.aborted && isAbort(error)) return reply.hijack();
          if (!told.fail(error, request)) throw error;
        }
        return reply;
      },
    );
  });
}

/** @throws AppError `unsupported_media_type`, `invalid_audio` */
function requireRecording(request: FastifyRequest): void {
  const type = request.headers['content-type'] ?? '';
  if (/^(?:multipart\/|application\/json\b|text\/)/i.test(type)) {
    throw new AppError(
      'unsupported_media_type',
      `${type.split(';', 1)[0]?.slice(0, 100)} is no recording: send the file itself as the body (curl --data-binary @file), of type audio/* or application/octet-stream.`,
    );
  }
  if (!request.body || lengthOf(request) === 0) {
    throw new AppError('invalid_audio', 'The recording is empty: it has 0 bytes.');
  }
}

const wantsEvents = ({ headers }: FastifyRequest): boolean => /\btext\/event-stream\b/.test(headers.accept ?? '');

function lengthOf({ headers }: FastifyRequest): number | undefined {
  const length = z.coerce
    .number()
    .int()
    .nonnegative()
    .safeParse(headers['content-length'] ?? undefined);
  return length.success ? length.data : undefined;
}

/** Aborts when the caller hangs up before the answer. */
function callerSignal(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort(new DOMException('the caller hung up', 'AbortError'));
  });
  return abort.signal;
}

/** The answer as events, from the first progress on; before it, errors have a status of their own. */
class ProgressStream {
  readonly #reply: FastifyReply;
  readonly #isWanted: boolean;
  #response: ServerResponse | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(reply: FastifyReply, isWanted: boolean) {
    this.#reply = reply;
    this.#isWanted = isWanted;
  }

  progress({ doneS, totalS, utterances }: Progress): void {
    this.#send({
      type: 'audio.progress',
      seconds_done: doneS,
      ...(totalS !== undefined && { seconds_total: totalS }),
      utterances,
    });
  }

  /** False when the caller wants no events. */
  done(result: z.infer<typeof audioResponseSchema>): boolean {
    this.#send({ type: 'audio.done', ...result });
    return this.#end();
  }

  /** False when the stream has not begun: the error has still to be answered. */
  fail(error: unknown, { id, log }: FastifyRequest): boolean {
    if (!this.#response) return false;
    const failure = AppError.from(error);
    if (failure.code === 'internal') log.error({ err: failure }, 'a recording could not be read');
    this.#response.write(`event: error\ndata: ${JSON.stringify(toProblem(failure, id))}\n\n`);
    return this.#end();
  }

  #send(event: AudioEvent): void {
    if (!this.#isWanted) return;
    const response = (this.#response ??= this.#begin());
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  #begin(): ServerResponse {
    const { raw } = this.#reply.hijack();
    const headers: Record<string, number | string | string[] | undefined> = this.#reply.getHeaders();
    raw.on('error', () => undefined);
    raw.on('close', () => clearInterval(this.#heartbeat));
    raw.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    this.#heartbeat = setInterval(() => raw.write(': still at it\n\n'), HEARTBEAT_MS);
    return raw;
  }

  #end(): boolean {
    clearInterval(this.#heartbeat);
    this.#response?.end();
    return this.#response !== undefined;
  }
}
