import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { EndReason, Session } from '@eloquence/shared/contracts/sessions';
import { delay } from '@eloquence/shared/runtime/abort';
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

/** How long the room's closing and the agent's last events may take; they take some 200 ms. */
const LAST_WORDS_MS = 3_000;
const LAST_WORDS_POLL_MS = 25;
/** Nobody wanted these ends: they follow from a room with nobody in it, which says little of a meeting that is sent as a file. */
const UNWANTED: ReadonlySet<EndReason> = new Set(['never_joined', 'participant_left', 'room_closed']);

/**
 * Ends sessions. Order: the reason, the room, the agent's last events, `session.ended` (deduplicated, so that two who end say it
 * once), the row. An agent that is stuck is not waited for; what it writes later still reaches the transcript. Whatever fails
 * on the way is made good by the next call or by reconciliation, which also closes rooms of ended sessions.
 */
export class SessionEnder {
  readonly #deps: EndSessionDeps;

  constructor(deps: EndSessionDeps) {
    this.#deps = deps;
  }

  /**
   * Ends a session, within 4 s; does nothing to one that has ended. A reason another caller gave first is kept. A meeting that
   * is being taken up again, or whose sound is on its way, does not end because its room is empty; reconciliation looks again.
   *
   * @throws AppError `unavailable` when Redis or Postgres is away; a LiveKit that is away is left to reconciliation
   */
  async end(session: Session, wanted: EndReason): Promise<void> {
    const { store, presence, events, telemetry, logger } = this.#deps;
    if (session.state === 'ended') return;
    if (UNWANTED.has(wanted) && (await this.#isHeld(session))) return;
    const reason = await presence.claimEnd(session.session_id, wanted);
    await this.#closeRoom(session);
    // Another instance may have finished this end while we waited, and the meeting gone on since.
    if (!(await presence.isEnding(session.session_id))) return;
    const at = new Date();
    await events.append(session.session_id, { type: 'session.ended', at: eventTime(at), reason });
    if (await store.markEnded(session.session_id, reason, at)) {
      telemetry.count('eloquence_sessions_ended_total', { scenario: session.scenario_id, reason });
      logger.info({ sessionId: session.session_id, reason }, 'session ended');
    }
  }

  async #isHeld({ session_id: sessionId, kind }: Session): Promise<boolean> {
    const { presence } = this.#deps;
    // An end that was begun is finished.
    return kind === 'meeting' && (await presence.isHeld(sessionId)) && !(await presence.isEnding(sessionId));
  }

  /** Closes the room, and gives the agent, who hears of it, time to write what was said last. */
  async #closeRoom({ session_id: sessionId, room_name: roomName }: Session): Promise<void> {
    const { facts, rooms, logger } = this.#deps;
    const deadline = performance.now() + LAST_WORDS_MS;
    try {
      await rooms.deleteRoom(roomName);
    } catch (error) {
      logger.warn({ err: error, sessionId }, 'the room could not be closed yet');
      return;
    }
    while (await facts.isAttended(sessionId)) {
      if (performance.now() > deadline) return logger.warn({ sessionId }, 'the agent did not finish in time');
      await delay(LAST_WORDS_POLL_MS);
    }
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
