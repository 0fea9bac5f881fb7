import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { EndReason, Session } from '@eloquence/shared/contracts/sessions';
import { eventTime, type EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Presence } from '../livekit/presence.ts';
import type { RoomClient } from '../livekit/room-client.ts';
import type { SessionFacts } from './session-facts.ts';
import type { SessionStore } from './session-store.ts';

export interface EndSessionDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly presence: Presence;
  readonly events: EventLog;
  readonly rooms: RoomClient;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/**
 * Ends sessions. Order: the event (deduplicated, so that a retry says it once), the row, the room. Whatever fails after the
 * event is made good by the next call or by reconciliation, which also closes rooms of ended sessions.
 */
export class SessionEnder {
  readonly #deps: EndSessionDeps;

  constructor(deps: EndSessionDeps) {
    this.#deps = deps;
  }

  /**
   * Ends a session; does nothing to one that has ended.
   *
   * @throws AppError `unavailable` when Redis or Postgres is away; a LiveKit that is away is left to reconciliation
   */
  async end(session: Session, reason: EndReason): Promise<void> {
    const { store, events, rooms, telemetry, logger } = this.#deps;
    if (session.state === 'ended') return;
    const at = new Date();
    await events.append(session.session_id, { type: 'session.ended', at: eventTime(at), reason });
    if (await store.markEnded(session.session_id, reason, at)) {
      telemetry.count('eloquence_sessions_ended_total', { scenario: session.scenario_id, reason });
      logger.info({ sessionId: session.session_id, reason }, 'session ended');
    }
    await rooms.deleteRoom(session.room_name).catch((error: unknown) => {
      logger.warn({ err: error, sessionId: session.session_id }, 'the room could not be closed yet');
    });
  }

  /** Ends a session and removes what is known of it, everywhere. */
  async delete(session: Session): Promise<void> {
    await this.end(session, 'deleted');
    await this.#deps.store.erase(session.session_id);
    await this.#deps.facts.forget(session.session_id);
    await this.#deps.presence.forget(session.session_id);
  }

  /** Removes what late writers left of sessions deleted a while ago. */
  async purge(sessionIds: readonly SessionId[]): Promise<void> {
    for (const sessionId of sessionIds) await this.#deps.facts.forget(sessionId);
    await this.#deps.store.purge(sessionIds);
  }
}
