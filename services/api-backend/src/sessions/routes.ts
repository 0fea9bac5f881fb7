import {
  createSessionRequestSchema,
  createSessionResponseSchema,
  endSessionResponseSchema,
  livekitTokenRequestSchema,
  livekitTokenResponseSchema,
  sessionListQuerySchema,
  sessionListSchema,
  sessionSchema,
  sessionTokenResponseSchema,
  type CreateSessionRequest,
  type Session,
} from '@eloquence/shared/contracts/sessions';
import { languageSchema, userIdSchema } from '@eloquence/shared/contracts/ids';
import { scenarioIdSchema } from '@eloquence/shared/contracts/scenario';
import { AppError } from '@eloquence/shared/runtime/errors';
import { randomText } from '@eloquence/shared/runtime/ids';
import type { Service } from '@eloquence/shared/runtime/service';
import * as z from 'zod';
import { tenantOf } from '../http/auth.ts';
import { problems } from '../http/docs.ts';
import { opensSession } from '../http/rate-limit.ts';
import type { SessionAccess } from '../tokens/session-access.ts';
import type { SessionEnder } from './end-session.ts';
import { requireSession, sessionParamsSchema } from './find-session.ts';
import { decodeCursor } from './list-cursor.ts';
import type { SessionOpener } from './open-session.ts';
import type { SessionFacts } from './session-facts.ts';
import type { SessionStore } from './session-store.ts';

export interface SessionRouteDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly opener: SessionOpener;
  readonly ender: SessionEnder;
  readonly access: SessionAccess;
}

const DEFAULT_SCENARIO = 'coaching_vocal';

/** Header names are lower case; other headers pass. */
const idempotencySchema = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 printable characters without spaces')
    .optional(),
});

/** The session API: open, look, end, delete. */
export function registerSessionRoutes(app: Service, deps: SessionRouteDeps): void {
  registerOpening(app, deps);
  registerReading(app, deps);
  registerEnding(app, deps);
}

function registerOpening(app: Service, { opener, access }: SessionRouteDeps): void {
  app.post(
    '/api/sessions',
    {
      config: opensSession,
      schema: {
        tags: ['sessions'],
        summary: 'Open a session: a room, a token for it, and an agent on its way',
        description:
          'With an `Idempotency-Key`, a repeated request gets the same session with a fresh token (for 24 h).',
        headers: idempotencySchema,
        body: createSessionRequestSchema,
        response: { 201: createSessionResponseSchema, ...problems(400, 401, 403, 409, 413, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const owner = { tenant: tenantOf(request), key: request.headers['idempotency-key'] };
      const session = await opener.open(request.body, owner);
      const grant = await access.grant(session);
      return reply.code(201).send({
        ...grant,
        session_id: session.session_id,
        room_name: session.room_name,
        scenario_id: session.scenario_id,
        language: session.language,
        state: session.state,
        created_at: session.created_at,
      });
    },
  );
  app.post(
    '/api/livekit/token',
    {
      config: opensSession,
      schema: {
        tags: ['sessions'],
        summary: "LiveKit's standard token endpoint, for stock clients",
        description:
          'Opens a session. `participant_attributes.scenario_id` chooses the scenario, `.language` the language; `room_name` is ours to choose.',
        body: livekitTokenRequestSchema,
        response: { 201: livekitTokenResponseSchema, ...problems(400, 401, 403, 413, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const session = await opener.open(fromTokenRequest(request.body), { tenant: tenantOf(request), key: undefined });
      const grant = await access.grant(session);
      return reply.code(201).send({
        server_url: grant.livekit_url,
        participant_token: grant.livekit_token,
        session_id: session.session_id,
        room_name: session.room_name,
      });
    },
  );
}

/** Maps LiveKit's request onto ours; a participant identity that is no user id of ours is replaced, not refused. */
function fromTokenRequest(body: z.infer<typeof livekitTokenRequestSchema>): CreateSessionRequest {
  const attributes = body.participant_attributes ?? {};
  const scenarioId = attributes['scenario_id'] ?? DEFAULT_SCENARIO;
  if (!scenarioIdSchema.safeParse(scenarioId).success) {
    throw new AppError(
      'unknown_scenario',
      'participant_attributes.scenario_id names no scenario. See GET /api/scenarios.',
    );
  }
  const language = languageSchema.optional().safeParse(attributes['language'] || undefined);
  if (!language.success) {
    throw new AppError(
      'invalid_request',
      `participant_attributes.language: use ${languageSchema.options.join(' or ')}.`,
    );
  }
  const identity = userIdSchema.safeParse(body.participant_identity);
  const name = body.participant_name?.trim().slice(0, 120);
  return {
    user_id: identity.success ? identity.data : `guest-${randomText(12)}`,
    scenario_id: scenarioId,
    ...(language.data && { language: language.data }),
    ...(name && { name }),
  };
}

function registerReading(app: Service, { store, facts, access }: SessionRouteDeps): void {
  app.get(
    '/api/sessions',
    {
      schema: {
        tags: ['sessions'],
        summary: 'Sessions, newest first, page by page',
        querystring: sessionListQuerySchema,
        response: { 200: sessionListSchema, ...problems(400, 401, 503) },
      },
    },
    async (request) => {
      const { user_id: userId, state, cursor, limit } = request.query;
      const { sessions, nextCursor } = await store.list({
        userId,
        states: state && [state],
        after: cursor === undefined ? undefined : decodeCursor(cursor),
        limit,
      });
      const now = await facts.overlay(sessions);
      return { sessions: now.filter((session) => !state || session.state === state), next_cursor: nextCursor };
    },
  );
  app.get(
    '/api/sessions/:session_id',
    {
      schema: {
        tags: ['sessions'],
        summary: 'One session',
        params: sessionParamsSchema,
        response: { 200: sessionSchema, ...problems(401, 404, 503) },
      },
    },
    async (request) => currentSession(await requireSession(store, request.params.session_id), facts),
  );
  app.post(
    '/api/sessions/:session_id/token',
    {
      schema: {
        tags: ['sessions'],
        summary: 'A fresh token, to come back after a reload or a lost network',
        params: sessionParamsSchema,
        response: { 200: sessionTokenResponseSchema, ...problems(401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      const session = await currentSession(await requireSession(store, request.params.session_id), facts);
      if (session.state === 'ended') throw new AppError('session_ended', 'The session has ended. Open a new one.');
      return access.grant(session);
    },
  );
}

function registerEnding(app: Service, { store, facts, ender }: SessionRouteDeps): void {
  app.post(
    '/api/sessions/:session_id/end',
    {
      schema: {
        tags: ['sessions'],
        summary: 'End a session; once more does nothing',
        params: sessionParamsSchema,
        response: { 200: endSessionResponseSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { session_id: id } = request.params;
      await ender.end(await requireSession(store, id), 'requested');
      return { session: await currentSession(await requireSession(store, id), facts) };
    },
  );
  app.delete(
    '/api/sessions/:session_id',
    {
      schema: {
        tags: ['sessions'],
        summary: 'End a session and remove everything said in it',
        params: sessionParamsSchema,
        response: { 204: z.null(), ...problems(401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      await ender.delete(await requireSession(store, request.params.session_id));
      return reply.code(204).send(null);
    },
  );
}

async function currentSession(session: Session, facts: SessionFacts): Promise<Session> {
  const [now = session] = await facts.overlay([session]);
  return now;
}
