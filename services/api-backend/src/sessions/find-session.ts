import { sessionIdSchema } from '@eloquence/shared/contracts/ids';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { seenBy } from '../http/auth.ts';
import type { SessionStore } from './session-store.ts';

/** Any text: an id that cannot be one is answered like one that is not known. */
export const sessionParamsSchema = z.object({ session_id: z.string().describe('ses_ and 20 characters') });

/** @throws AppError `not_found`, also for text that is no session id; `unavailable` */
export async function requireSession(store: SessionStore, id: string): Promise<Session> {
  const session = sessionIdSchema.safeParse(id).success ? await store.find(id) : undefined;
  if (session) return session;
  throw noSuchSession();
}

/**
 * An `onRequest` hook, after the one that checks keys: a session of another key is not found, whichever route asks for it. A ticket
 * is for one session and needs no more.
 */
export function requireOwnSession(store: Pick<SessionStore, 'tenantOf'>) {
  return async (request: FastifyRequest): Promise<void> => {
    const { session_id: id } = request.params as { readonly session_id?: string };
    if (id !== undefined) await requireSeen(store, request, id);
  };
}

/** @throws AppError `not_found` for a session of another key; `unavailable` */
export async function requireSeen(
  store: Pick<SessionStore, 'tenantOf'>,
  request: FastifyRequest,
  id: string,
): Promise<void> {
  const seen = seenBy(request);
  if (!seen || !sessionIdSchema.safeParse(id).success) return;
  const owner = await store.tenantOf(id);
  if (owner !== undefined && !seen.includes(owner)) throw noSuchSession();
}

const noSuchSession = (): AppError => new AppError('not_found', 'There is no such session. It may have been deleted.');
