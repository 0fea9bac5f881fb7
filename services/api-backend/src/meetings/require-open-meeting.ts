import type { Session } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { requireMeeting } from './find-meeting.ts';

/**
 * The meeting of that id, which has not ended.
 *
 * @throws AppError `session_ended`, with the way on; `not_found`; `unavailable`
 */
export async function requireOpenMeeting(
  deps: { readonly store: SessionStore; readonly facts: SessionFacts },
  id: string,
): Promise<Session> {
  const session = await requireMeeting(deps, id);
  if (session.state !== 'ended') return session;
  throw new AppError(
    'session_ended',
    `The meeting has ended. Take it up again first: POST /api/sessions/${session.session_id}/resume.`,
  );
}
