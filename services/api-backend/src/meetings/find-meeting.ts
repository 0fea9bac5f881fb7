import type { Session } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { SessionFacts } from '../sessions/session-facts.ts';
import { requireSession } from '../sessions/find-session.ts';
import type { SessionStore } from '../sessions/session-store.ts';

/**
 * The meeting of that id, as of now.
 *
 * @throws AppError `not_found`, also for a session that is no meeting; `unavailable`
 */
export async function requireMeeting(
  { store, facts }: { readonly store: SessionStore; readonly facts: SessionFacts },
  id: string,
): Promise<Session> {
  const session = await requireSession(store, id);
  if (session.kind !== 'meeting') {
    throw new AppError(
      'not_found',
      `This session is a conversation (scenario ${session.scenario_id}): only meetings have notes. Open one with scenario_id "meeting".`,
    );
  }
  const [now = session] = await facts.overlay([session]);
  return now;
}
