import { sessionIdSchema } from '@eloquence/shared/contracts/ids';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import type { SessionStore } from './session-store.ts';

/** Any text: an id that cannot be one is answered like one that is not known. */
export const sessionParamsSchema = z.object({ session_id: z.string().describe('ses_ and 20 characters') });

/** @throws AppError `not_found`, also for text that is no session id; `unavailable` */
export async function requireSession(store: SessionStore, id: string): Promise<Session> {
  const session = sessionIdSchema.safeParse(id).success ? await store.find(id) : undefined;
  if (session) return session;
  throw new AppError('not_found', 'There is no such session. It may have been deleted.');
}
