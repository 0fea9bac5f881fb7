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
  type CreateSessionResponse,
  type Session,
} from '@eloquence/shared/contracts/sessions';
import { languageSchema, sessionIdSchema, userIdSchema } from '@eloquence/shared/contracts/ids';
import { joinRequestSchema } from '@eloquence/shared/contracts/meeting-api';
import { scenarioIdSchema } from '@eloquence/shared/contracts/scenario';
import { AppError } from '@eloquence/shared/runtime/errors';
import { randomText } from '@eloquence/shared/runtime/ids';
import type { Service } from '@eloquence/shared/runtime/service';
import * as z from 'zod';
import { seenBy, tenantOf } from '../http/auth.ts';
import { problems } from '../http/docs.ts';
import { opensSession } from '../http/rate-limit.ts';
import type { Joiner } from '../tokens/person.ts';
import type { SessionAccess } from '../tokens/session-access.ts';
import type { SessionEnder } from './end-session.ts';
import { requireSeen, requireSession, sessionParamsSchema } from './find-session.ts';
import { decodeCursor } from './list-cursor.ts';
import type { SessionOpener } from './open-session.ts';
import type { SessionResumer } from './resume-session.ts';
import type { SessionFacts } from './session-facts.ts';
import type { SessionStore } from './session-store.ts';

export interface SessionRouteDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly opener: SessionOpener;
  readonly ender: SessionEnder;
  readonly resumer: SessionResumer;
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

/** Who joins, where it matters: no body, or null, is nobody in particular. */
const joinBodySchema = joinRequestSchema.nullish();

/** The session API: open, look, join, end, take up again, delete. */
export function registerSessionRoutes(app: Service, deps: SessionRouteDeps): void {
  registerOpening(app, deps);
  registerTokenEndpoint(app, deps);
  registerReading(app, deps);
  registerJoining(app, deps);
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
      return reply.code(201).send(await withGrant(session, access));
    },
  );
}

function registerTokenEndpoint(app: Service, deps: SessionRouteDeps): void {
  const { opener, access } = deps;
  app.post(
    '/api/livekit/token',
    {
      config: opensSession,
      schema: {
        tags: ['sessions'],
        summary: "LiveKit's standard token endpoint, for stock clients",
        description:
          'Opens a session. `participant_attributes.scenario_id` chooses the scenario, `.language` the language. ' +
          '`room_name`: the room of an open meeting joins it, as `participant_identity` and `participant_name`; any other name is ignored.',
        body: livekitTokenRequestSchema,
        response: { 201: livekitTokenResponseSchema, ...problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      await requireSeen(deps.store, request, request.body.room_name ?? '');
      const meeting = await namedMeeting(request.body.room_name, deps);
      const wanted = fromTokenRequest(request.body);
      const session = meeting ?? (await opener.open(wanted, { tenant: tenantOf(request), key: undefined }));
      const { user_id, participant_name: name } = wanted;
      const grant = await access.grant(session, { user_id, ...(name !== undefined && { name }) });
      return reply.code(201).send({
        server_url: grant.livekit_url,
        participant_token: grant.livekit_token,
        session_id: session.session_id,
        room_name: session.room_name,
      });
    },
  );
}

/**
 * The meeting whose room a stock client names, because somebody sent its user there. Clients that make names up, or keep one from
 * an example, open sessions of their own.
 *
 * @throws AppError `not_found` (it looks like a session of ours, and is none), `session_ended`
 */
async function namedMeeting(
  roomName: string | undefined,
  { store, facts }: Pick<SessionRouteDeps, 'store' | 'facts'>,
): Promise<Session | undefined> {
  if (!sessionIdSchema.safeParse(roomName).success) return undefined;
  const session = await requireSession(store, roomName ?? '');
  return session.kind === 'meeting' ? stillOpen(await currentSession(session, facts)) : undefined;
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
    ...(name && { participant_name: name }),
  };
}

function registerReading(app: Service, { store, facts }: SessionRouteDeps): void {
  app.get(
    '/api/sessions',
    {
      schema: {
        tags: ['sessions'],
        summary: 'Your sessions, newest first, page by page',
        querystring: sessionListQuerySchema,
        response: { 200: sessionListSchema, ...problems(400, 401, 503) },
      },
    },
    async (request) => {
      const { user_id: userId, state, cursor, limit } = request.query;
      const { sessions, nextCursor } = await store.list({
        tenants: seenBy(request),
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
}

function registerJoining(app: Service, { store, facts, access, resumer }: SessionRouteDeps): void {
  app.post(
    '/api/sessions/:session_id/token',
    {
      schema: {
        tags: ['sessions'],
        summary: 'A token for a session: to come back after a reload or a lost network, or to join a meeting',
        description:
          'Meetings: the body says who joins. People are told apart by `user_id`, without it by `name`; who comes again is the same ' +
          '`speaker` again. Without a body it is the person who opened the meeting.',
        params: sessionParamsSchema,
        body: joinBodySchema,
        response: { 200: sessionTokenResponseSchema, ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
      },
    },
    async (request) => {
      const session = await currentSession(await requireSession(store, request.params.session_id), facts);
      return access.grant(stillOpen(session), joinerOf(request.body));
    },
  );
  app.post(
    '/api/sessions/:session_id/resume',
    {
      config: opensSession,
      schema: {
        tags: ['meetings'],
        summary: 'Take up a meeting that has ended: it goes on under its id',
        description:
          'Also hours or days later. The clock of the meeting did not stop meanwhile. A meeting that is still going answers with a ' +
          'fresh token. The body says who resumes, as at `/token`.',
        params: sessionParamsSchema,
        body: joinBodySchema,
        response: { 200: createSessionResponseSchema, ...problems(400, 401, 403, 404, 409, 413, 415, 429, 503) },
      },
    },
    async (request) => {
      const session = await resumer.resume(await requireSession(store, request.params.session_id));
      return withGrant(await currentSession(session, facts), access, joinerOf(request.body));
    },
  );
}

const joinerOf = (body: z.infer<typeof joinBodySchema>): Joiner | undefined =>
  body?.user_id === undefined && body?.name === undefined ? undefined : body;

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

/** @throws AppError `session_ended`, with the way on */
function stillOpen(session: Session): Session {
  if (session.state !== 'ended') return session;
  throw new AppError(
    'session_ended',
    session.kind === 'meeting'
      ? `The meeting has ended. Take it up again with POST /api/sessions/${session.session_id}/resume.`
      : 'The session has ended. Open a new one.',
  );
}

async function withGrant(session: Session, access: SessionAccess, joiner?: Joiner): Promise<CreateSessionResponse> {
  return {
    ...(await access.grant(session, joiner)),
    session_id: session.session_id,
    room_name: session.room_name,
    scenario_id: session.scenario_id,
    language: session.language,
    state: session.state,
    created_at: session.created_at,
  };
}

async function currentSession(session: Session, facts: SessionFacts): Promise<Session> {
  const [now = session] = await facts.overlay([session]);
  return now;
}
