import { Transform, type Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { AppError } from '@eloquence/shared/runtime/errors';
import { requireKey, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { WhisperEngine } from '../engines/whisper-engine.ts';

export interface RestOptions {
  readonly key: string;
  readonly engine: WhisperEngine;
  readonly telemetry: Telemetry;
  readonly limits: { readonly maxInFlight: number; readonly maxBytes: number; readonly timeoutMs: number };
}

/** The engine reads both: OpenAI's form, and raw samples with the options in the query. */
const MEDIA_TYPES = ['multipart/form-data', 'audio/pcm', 'audio/l16'];

/**
 * OpenAI's `POST /v1/audio/transcriptions` and `GET /v1/models`. Bodies are streamed through to the engine, never held
 * here; it checks the fields, and its refusals come back as our problem bodies.
 */
export function restRoutes(app: Service, options: RestOptions): void {
  const { engine, limits, telemetry } = options;
  const onRequest = requireKey([options.key]);
  let inFlight = 0;
  // JSON and text, which fastify parses by itself, hold no recording.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MEDIA_TYPES, (_request, payload, done) => done(null, payload));
  app.get('/v1/models', { onRequest }, async (_request, reply) => {
    const models = await engine.models(callerSignal(reply));
    return reply.send(models);
  });
  app.post('/v1/audio/transcriptions', { onRequest, bodyLimit: limits.maxBytes }, async (request, reply) => {
    const contentType = request.headers['content-type'];
    // Without a body nothing has looked at the type.
    if (!contentType || !request.body)
      throw new AppError('unsupported_media_type', 'Send the recording as multipart/form-data in the field file.');
    if (inFlight >= limits.maxInFlight)
      throw new AppError('overloaded', `${limits.maxInFlight} recordings are being transcribed. Try again.`, {
        retryAfterS: 2,
      });
    inFlight += 1;
    let outcome = 'ok';
    const signal = callerSignal(reply);
    try {
      const answer = await engine.forward({
        path: request.url,
        contentType,
        body: capped(request.body as Readable, limits.maxBytes),
        signal,
        timeoutMs: limits.timeoutMs,
      });
      return await reply.type(answer.contentType).send(answer.body);
    } catch (error) {
      outcome = signal.aborted ? 'cancelled' : AppError.from(error).code;
      if (!signal.aborted) throw error;
      // Nobody is there to be answered.
      return reply.hijack();
    } finally {
      inFlight -= 1;
      telemetry.count('eloquence_stt_decodes_total', { kind: 'rest', outcome });
    }
  });
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

/** The same bytes; fails once there are more than `maxBytes`. */
function capped(body: Readable, maxBytes: number): Readable {
  let seen = 0;
  const cap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen <= maxBytes) done(null, chunk);
      else done(new AppError('payload_too_large', `The recording is larger than ${maxBytes / 1e6} MB.`));
    },
  });
  body.on('error', (error) => cap.destroy(error));
  return body.pipe(cap);
}
