import {
  askRequestSchema,
  askResponseSchema,
  digestRequestSchema,
  digestResponseSchema,
  searchQuerySchema,
  searchResponseSchema,
} from '@eloquence/shared/contracts/meeting-api';
import { clientSignal } from '@eloquence/shared/runtime/client-signal';
import type { Service } from '@eloquence/shared/runtime/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { seenBy, tenantOf } from '../http/auth.ts';
import { problems } from '../http/docs.ts';
import { sessionParamsSchema } from '../sessions/find-session.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { askMeeting, type AskDeps, type Asked } from './ask-meeting.ts';
import { digestMeeting } from './digest-meeting.ts';
import { requireMeeting } from './find-meeting.ts';
import { searchMeetings } from './search-meetings.ts';

export interface QuestionRouteDeps extends AskDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
}

const tags = ['meetings'];

/** Questions to one meeting, what was missed of it, and words over all of them. */
export function registerQuestionRoutes(app: Service, deps: QuestionRouteDeps): void {
  app.post(
    '/api/sessions/:session_id/ask',
    {
      schema: {
        tags,
        summary: 'Ask a meeting: an answer with citations, or that it does not say',
        params: sessionParamsSchema,
        body: askRequestSchema,
        response: { 200: askResponseSchema, ...problems(400, 401, 403, 404, 413, 415, 503) },
      },
    },
    async (request, reply) => askMeeting(deps, request.body.question, await asked(request, reply)),
  );
  app.post(
    '/api/sessions/:session_id/digest',
    {
      schema: {
        tags,
        summary: 'What was missed since a moment of the meeting, within 5 s',
        params: sessionParamsSchema,
        body: digestRequestSchema.nullish(),
        response: { 200: digestResponseSchema, ...problems(400, 401, 403, 404, 413, 415, 503) },
      },
    },
    async (request, reply) => digestMeeting(deps, request.body?.since_ms ?? 0, await asked(request, reply)),
  );
  app.get(
    '/api/search',
    {
      schema: {
        tags,
        summary: 'Words over all your meetings, best first',
        querystring: searchQuerySchema,
        response: { 200: searchResponseSchema, ...problems(400, 401, 503) },
      },
    },
    async (request) => {
      const { q: text, user_id: userId, limit } = request.query;
      return searchMeetings(deps.pool, { tenants: seenBy(request), text, userId, limit });
    },
  );

  async function asked(request: FastifyRequest, reply: FastifyReply): Promise<Asked> {
    const { session_id: id } = request.params as { readonly session_id: string };
    const session = await requireMeeting(deps, id);
    const tenant = (await deps.store.tenantOf(session.session_id)) ?? tenantOf(request);
    return { session, tenant, signal: clientSignal(reply) };
  }
}
