import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { eventTime, type EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { SessionEnder } from '../sessions/end-session.ts';
import { requireSession } from '../sessions/find-session.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Presence } from './presence.ts';
import type { RoomClient } from './room-client.ts';

export interface AgentWatchDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly events: EventLog;
  readonly rooms: RoomClient;
  readonly presence: Presence;
  readonly ender: SessionEnder;
  readonly logger: Logger;
  /** How long a person may be without an agent before one is sent for. */
  readonly agentGraceMs: number;
}

/** Further agents sent for one absence; the waits between them double. */
const MAX_TRIES = 3;

interface Absence {
  readonly tries: number;
  readonly nextAtMs: number;
}

/**
 * Notices a person who is alone in a room (the agent died, or its dispatch was lost) and sends for another agent: after
 * `agentGraceMs`, then twice more with doubled waits; then the session says `agent.failed` and ends, because silence is worse.
 */
export class AgentWatch {
  readonly #deps: AgentWatchDeps;
  readonly #absences = new Map<SessionId, Absence>();
  readonly #timers = new Map<SessionId, NodeJS.Timeout>();
  #closed = false;

  constructor(deps: AgentWatchDeps) {
    this.#deps = deps;
  }

  /** Looks into a session's room now, and again as long as somebody is alone there. */
  async look(session: Session): Promise<void> {
    const { rooms, presence, facts } = this.#deps;
    const [now = session] = await facts.overlay([session]);
    if (now.state === 'ended') return this.#forget(session.session_id);
    const occupants = await rooms.occupants(session.room_name);
    const hasPerson = occupants.some(({ kind }) => kind === 'person');
    if (hasPerson) await presence.mark(session.session_id, 'joined');
    if (!hasPerson || occupants.some(({ kind }) => kind === 'agent')) return this.#forget(session.session_id);
    await this.#alone(now);
  }

  /** Keeps only what concerns sessions that are still open. */
  retain(open: ReadonlySet<SessionId>): void {
    for (const sessionId of this.#absences.keys()) if (!open.has(sessionId)) this.#forget(sessionId);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #alone(session: Session): Promise<void> {
    const { agentGraceMs } = this.#deps;
    const { session_id: sessionId } = session;
    const nowMs = performance.now();
    const absence = this.#absences.get(sessionId) ?? { tries: 0, nextAtMs: nowMs + agentGraceMs };
    this.#absences.set(sessionId, absence);
    if (nowMs < absence.nextAtMs) return this.#lookAgain(sessionId, absence.nextAtMs - nowMs);
    if (absence.tries >= MAX_TRIES) return this.#giveUp(session);
    const waitMs = agentGraceMs * 2 ** (absence.tries + 1);
    this.#absences.set(sessionId, { tries: absence.tries + 1, nextAtMs: nowMs + waitMs });
    this.#lookAgain(sessionId, waitMs);
    await this.#sendFor(session, absence.tries + 1);
  }

  async #sendFor(session: Session, attempt: number): Promise<void> {
    const { rooms, presence, logger, agentGraceMs } = this.#deps;
    // Two instances that notice at once would send two agents.
    if (!(await presence.isFirst(`dispatch:${session.session_id}`, agentGraceMs))) return;
    logger.warn({ sessionId: session.session_id, attempt }, 'a person is without an agent, sending for another');
    await rooms.replaceAgent(session.room_name, session.session_id);
  }

  async #giveUp(session: Session): Promise<void> {
    const { events, ender, logger } = this.#deps;
    logger.error({ sessionId: session.session_id }, 'no agent came, ending the session');
    await events.append(session.session_id, {
      type: 'agent.failed',
      at: eventTime(),
      code: 'agent_unavailable',
      message: `No agent joined the call, nor after ${MAX_TRIES} more tries. Check that the agent service runs.`,
    });
    this.#forget(session.session_id);
    await ender.end(session, 'agent_failed');
  }

  #lookAgain(sessionId: SessionId, delayMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timers.get(sessionId));
    const timer = setTimeout(() => {
      this.#timers.delete(sessionId);
      requireSession(this.#deps.store, sessionId)
        .then((session) => this.look(session))
        .catch((error: unknown) => {
          // Away or deleted; the next sweep looks again if there is something to see.
          this.#deps.logger.debug({ err: error, sessionId }, 'looking after an agent failed');
        });
    }, delayMs);
    this.#timers.set(sessionId, timer);
  }

  #forget(sessionId: SessionId): void {
    this.#absences.delete(sessionId);
    clearTimeout(this.#timers.get(sessionId));
    this.#timers.delete(sessionId);
  }
}
