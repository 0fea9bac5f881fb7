import { agentSessionSchema } from '@eloquence/shared/contracts/dispatch';
import { createSessionRequestSchema, type Session } from '@eloquence/shared/contracts/sessions';
import { delay } from '@eloquence/shared/runtime/abort';
import { requireKey, type Service } from '@eloquence/shared/runtime/service';
import { problems } from '../http/docs.ts';
import { requireSession, sessionParamsSchema } from './find-session.ts';
import type { SessionFacts } from './session-facts.ts';
import type { SessionStore } from './session-store.ts';

export interface InternalRouteDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly internalKey: string;
}

const OPENING_WAIT_MS = 1_500;
const OPENING_POLL_MS = 20;
const optionsSchema = createSessionRequestSchema.shape.options.unwrap();

/** `GET /internal/sessions/{id}`: what an agent job needs before it speaks. */
export function registerInternalRoutes(app: Service, { store, facts, internalKey }: InternalRouteDeps): void {
  app.get(
    '/internal/sessions/:session_id',
    {
      onRequest: requireKey([internalKey]),
      schema: {
        hide: true,
        params: sessionParamsSchema,
        response: { 200: agentSessionSchema, ...problems(401, 404, 503) },
      },
    },
    async (request) => {
      const { session_id: id } = request.params;
      await opened(await requireSession(store, id), facts);
      const session = await requireSession(store, id);
      const [now = session] = await facts.overlay([session]);
      return { session: now, options: optionsSchema.parse(await store.options(session.session_id)) };
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
