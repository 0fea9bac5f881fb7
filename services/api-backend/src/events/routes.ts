import type { Service } from '@eloquence/shared/runtime/service';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { EVENTS_ROUTE } from '../http/auth.ts';
import { problems } from '../http/docs.ts';
import { requireSession, sessionParamsSchema } from '../sessions/find-session.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { EventStreams } from './event-streams.ts';

const seqSchema = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const querySchema = z.strictObject({
  after: seqSchema.optional().describe('Only events with a higher seq'),
  access_token: z.string().max(200).optional().describe('Ticket out of events_url, for EventSource'),
});

export interface EventRouteDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly streams: EventStreams;
}

/** `GET /api/sessions/{id}/events`: the session's log from the start or from where a reader was, then live. */
export function registerEventRoutes(app: Service, { store, facts, streams }: EventRouteDeps): void {
  app.get(
    EVENTS_ROUTE,
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['sessions'],
        summary: 'Events of a session (server-sent events)',
        description:
          '`id` is the seq, `event` the type, `data` the event. Interims come as `utterance.interim` without id. ' +
          'The stream ends after `session.ended`, of a meeting when its minutes are written; 204 says that nothing more will come.',
        params: sessionParamsSchema,
        querystring: querySchema,
        response: { 204: z.null(), ...problems(400, 401, 404, 503) },
      },
    },
    async (request, reply) => {
      streams.admit();
      const session = await requireSession(store, request.params.session_id);
      const afterSeq = Math.max(request.query.after ?? 0, lastEventId(request.headers['last-event-id']));
      const [now = session] = await facts.overlay([session]);
      // A 204 is what stops an EventSource from coming back. Reading first also makes an outage an honest 503.
      const news = await streams.hasNews(session.session_id, afterSeq);
      if (!news && now.state === 'ended' && !(await store.awaitsMinutes(session.session_id))) {
        return reply.code(204).send(null);
      }
      const headers = reply.getHeaders();
      reply.hijack();
      streams.start(session.session_id, afterSeq, { response: reply.raw, headers });
    },
  );
}

function lastEventId(header: string | string[] | undefined): number {
  if (header === undefined || header === '') return 0;
  const parsed = seqSchema.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new AppError('invalid_request', 'Last-Event-ID is the id of the last event received: a whole number.');
}
