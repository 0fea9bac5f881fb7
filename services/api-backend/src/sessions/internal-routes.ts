import {
  acceptedSchema,
  agentEndRequestSchema,
  agentSessionSchema,
  lostAgentRequestSchema,
} from '@eloquence/shared/contracts/dispatch';
import { createSessionRequestSchema, type Session } from '@eloquence/shared/contracts/sessions';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { requireKey, type Service } from '@eloquence/shared/runtime/service';
import { problems } from '../http/docs.ts';
import type { AgentWatch } from '../livekit/agent-watch.ts';
import type { Presence } from '../livekit/presence.ts';
import type { SessionEnder } from './end-session.ts';
import { requireSession, sessionParamsSchema } from './find-session.ts';
import type { SessionFacts } from './session-facts.ts';
import type { SessionStore } from './session-store.ts';

export interface InternalRouteDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly presence: Presence;
  readonly ender: SessionEnder;
  readonly agents: AgentWatch;
  readonly internalKey: string;
}

const OPENING_WAIT_MS = 1_500;
const OPENING_POLL_MS = 20;
const optionsSchema = createSessionRequestSchema.shape.options.unwrap();

/** What agents ask and tell, with the internal key. */
export function registerInternalRoutes(app: Service, deps: InternalRouteDeps): void {
  registerFacts(app, deps);
  registerReports(app, deps);
}

/** `GET /internal/sessions/{id}`: what an agent job needs before it speaks. */
function registerFacts(app: Service, { store, facts, presence, internalKey }: InternalRouteDeps): void {
  app.get(
    '/internal/sessions/:session_id',
    {
      onRequest: requireKey([internalKey]),
      schema: {
        hide: true,
        params: sessionParamsSchema,
        response: { 200: agentSessionSchema, ...problems(401, 404, 409, 503) },
      },
    },
    async (request) => {
      const { session_id: id } = request.params;
      await opened(await requireSession(store, id), facts);
      const session = await requireSession(store, id);
      const [now = session] = await facts.overlay([session]);
      if (now.state === 'ended' || (await presence.isEnding(now.session_id))) {
        throw new AppError('session_ended', 'The session has ended. There is nothing to attend.');
      }
      return { session: now, options: optionsSchema.parse(await store.options(session.session_id)) };
    },
  );
}

function registerReports(app: Service, { store, ender, agents, internalKey }: InternalRouteDeps): void {
  const onRequest = requireKey([internalKey]);
  const response = { 200: acceptedSchema, ...problems(400, 401, 404, 503) };
  app.post(
    '/internal/sessions/:session_id/end',
    { onRequest, schema: { hide: true, params: sessionParamsSchema, body: agentEndRequestSchema, response } },
    async (request) => {
      await ender.end(await requireSession(store, request.params.session_id), request.body.reason);
      return { status: 'ok' as const };
    },
  );
  app.post(
    '/internal/sessions/:session_id/lost-agent',
    { onRequest, schema: { hide: true, params: sessionParamsSchema, body: lostAgentRequestSchema, response } },
    async (request) => {
      await agents.lost(await requireSession(store, request.params.session_id), request.body.identity);
      return { status: 'ok' as const };
    },
  );
}

/** A warm agent may ask before opening is complete; `session.created` shall be the first event, so it waits a moment. */
async function opened(session: Session, facts: SessionFacts): Promise<void> {
  const deadline = performance.now() + OPENING_WAIT_MS;
  while (session.state === 'created' && performance.now() < deadline) {
    if (await facts.isOpened(session.session_id)) return;
    await delay(OPENING_POLL_MS);
  }
}
