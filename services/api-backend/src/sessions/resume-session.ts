import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Presence } from '../livekit/presence.ts';
import type { RoomClient } from '../livekit/room-client.ts';
import type { SessionEnder } from './end-session.ts';
import { requireSession } from './find-session.ts';
import type { SessionFacts } from './session-facts.ts';
import type { SessionStore } from './session-store.ts';

export interface ResumeSessionDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly presence: Presence;
  readonly events: EventLog;
  readonly rooms: RoomClient;
  readonly ender: SessionEnder;
  readonly logger: Logger;
}

/** A meeting's clock goes on while nobody meets, and its times are 32-bit milliseconds: enough for 24 days. */
const RESUMABLE_DAYS = 20;
/** Row, log, room and dispatch take some 100 ms; each may take 2 s. */
const WORK_MS = 15_000;
/** How long a request waits for another that takes up the same meeting. */
const TWIN_WAIT_MS = 5_000;
const TWIN_POLL_MS = 50;

/** Takes up ended meetings again: log, row, room, agent. Whatever fails on the way is made good by asking again. */
export class SessionResumer {
  readonly #deps: ResumeSessionDeps;

  constructor(deps: ResumeSessionDeps) {
    this.#deps = deps;
  }

  /**
   * Lets a meeting go on under its id; one that is still going only gets its room and agent back, should they be gone. Of several
   * requests at the same time, here or on another instance, one resumes and the others wait for it.
   *
   * @throws AppError `conflict` (no meeting, or too old), `not_found` (deleted meanwhile), `unavailable`
   */
  async resume(session: Session): Promise<Session> {
    requireResumable(session);
    const release = await this.#claim(session.session_id);
    try {
      return await this.#resumeAlone(await requireSession(this.#deps.store, session.session_id));
    } finally {
      await release();
    }
  }

  /** Waits for whoever takes up the same meeting, and gives the means to let the next one do it. */
  async #claim(id: SessionId): Promise<() => Promise<void>> {
    const deadline = performance.now() + TWIN_WAIT_MS;
    for (;;) {
      const release = await this.#deps.presence.claim(`resume:${id}`, WORK_MS);
      if (release) return release;
      if (performance.now() > deadline) {
        throw new AppError('unavailable', 'The meeting is being taken up by another request. Try again.', {
          retryAfterS: 1,
        });
      }
      await delay(TWIN_POLL_MS);
    }
  }

  async #resumeAlone(known: Session): Promise<Session> {
    const { store, presence, events, logger } = this.#deps;
    const id = known.session_id;
    const session = await this.#settled(known);
    if (session.state !== 'ended') {
      await this.#furnish(session);
      return session;
    }
    const { resumed, lastSeq } = await store.past(id);
    const time = resumed + 1;
    // In this order: marks of the old end, the log, the row. A row that says "open" must find no end in the log, and a room
    // that is gone must not count as the end of it.
    await presence.forget(id);
    await presence.hold(id, WORK_MS);
    await events.reopen(id, { lastSeq, time });
    if (!(await store.markResumed(id, time))) {
      throw new AppError('unavailable', 'The meeting was changed by another request meanwhile. Try again.', {
        retryAfterS: 1,
      });
    }
    logger.info({ sessionId: id, time }, 'a meeting was taken up again');
    const open = await requireSession(store, id);
    await this.#furnish(open);
    return open;
  }

  /** The session as of now: an end that has begun is finished first. */
  async #settled(session: Session): Promise<Session> {
    const { store, facts, presence, ender } = this.#deps;
    if (session.state === 'ended') return session;
    const [now = session] = await facts.overlay([session]);
    if (now.state !== 'ended' && !(await presence.isEnding(session.session_id))) return now;
    await ender.end(session, now.end_reason ?? 'requested');
    return requireSession(store, session.session_id);
  }

  /** A room and an agent on its way, unless there is a room. */
  async #furnish({ session_id: sessionId, room_name: roomName, kind }: Session): Promise<void> {
    const { rooms, presence } = this.#deps;
    if ((await rooms.listRooms([roomName])).length > 0) return;
    await presence.hold(sessionId, WORK_MS);
    await rooms.createRoom(roomName, kind);
    await rooms.dispatchAgent(roomName, sessionId);
  }
}

function requireResumable(session: Session): void {
  if (session.kind !== 'meeting') {
    throw new AppError('conflict', 'Only meetings can be taken up again. Open a new session for a new conversation.');
  }
  const startedMs = Date.parse(session.started_at ?? session.created_at);
  if (Date.now() - startedMs < RESUMABLE_DAYS * 86_400_000) return;
  throw new AppError(
    'conflict',
    `The meeting began more than ${RESUMABLE_DAYS} days ago. Open a new one; this one keeps its report.`,
  );
}
