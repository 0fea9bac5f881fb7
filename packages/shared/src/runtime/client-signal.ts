import type { FastifyReply } from 'fastify';

/** A signal that aborts when the caller hangs up before the end of the answer, so that work for nobody stops at once. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new DOMException('the caller hung up', 'AbortError'));
  });
  return controller.signal;
}
