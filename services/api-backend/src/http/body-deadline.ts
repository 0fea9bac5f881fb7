import { AppError } from '@eloquence/shared/runtime/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The one route whose bodies may take long to arrive: recordings of hours. Who reads them gives up senders that stall. */
export const AUDIO_ROUTE = '/api/sessions/:session_id/audio';
/** What the server itself allows any request, as stt-gateway does: a recording of 4 GB at 10 Mbit/s. */
export const LONGEST_REQUEST_MS = 3_600_000;
/** What every other body gets. */
const BODY_MS = 30_000;

/** An `onRequest` hook: a body that does not arrive in time ends its connection, so that nobody keeps them by sending slowly. */
export async function limitBodyTime(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { raw } = request;
  if (request.routeOptions.url === AUDIO_ROUTE || raw.complete) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy(new AppError('invalid_request', 'The request took too long.'));
  }, BODY_MS).unref();
  raw.once('end', () => clearTimeout(timer));
  reply.raw.once('close', () => clearTimeout(timer));
}
