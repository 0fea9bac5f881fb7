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

/** Further agents sent for one absence; the waits between them double. Also how many agents of one session may die. */
const MAX_TRIES = 3;
/** The longest wait between two agents sent for to a meeting. */
const MAX_WAIT_MS = 120_000;
/** Deaths further apart than this are not one trouble. */
const LOSS_MEMORY_MS = 600_000;
/** A worker that has no warm process left starts one; on a small busy host that takes so long. */
const STARTING_MS = 20_000;

interface Absence {
  readonly tries: number;
  readonly nextAtMs: number;
}

/**
 * Notices a person who is alone in a room (the agent died, or its dispatch was lost) and sends for another agent: at once when
 * the worker reports the death; else, unless one is on its way, after `agentGraceMs`, then twice more with doubled waits; then
 * the session says `agent.failed` and ends, because silence is worse. A meeting goes on without its scribe, and one is sent for as
 * long as somebody is there: people talk to each other, and what they say may still be delivered by who keeps it.
 */
export class AgentWatch {
  readonly #deps: AgentWatchDeps;
  readonly #absences = new Map<SessionId, Absence>();
  readonly #losses = new Map<SessionId, { readonly count: number; readonly atMs: number }>();
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

  /** An agent died without closing: puts its ghost out of the room and sends for another at once. */
  async lost(session: Session, identity: string): Promise<void> {
    const { rooms, facts, presence, events, logger } = this.#deps;
    const { session_id: sessionId } = session;
    const [now = session] = await facts.overlay([session]);
    if (now.state === 'ended' || (await presence.isEnding(sessionId))) return;
    const losses = this.#countLoss(sessionId);
    logger.warn({ sessionId, losses }, 'an agent died in its call');
    await events.append(sessionId, { type: 'participant.left', at: eventTime(), identity });
    await rooms.removeParticipant(session.room_name, identity);
    if (losses > MAX_TRIES && now.kind !== 'meeting') return this.#giveUp(now);
    const occupants = await rooms.occupants(session.room_name);
    if (!occupants.some(({ kind }) => kind === 'person') || occupants.some(({ kind }) => kind === 'agent')) return;
    // One that dies again and again is not sent for at once.
    const isHopeless = losses > MAX_TRIES;
    const waitMs = isHopeless ? this.#waitMs(losses) : 2 * this.#deps.agentGraceMs;
    this.#absences.set(sessionId, { tries: isHopeless ? losses : 1, nextAtMs: performance.now() + waitMs });
    this.#lookAgain(sessionId, waitMs);
    if (!isHopeless) await rooms.replaceAgent(session.room_name, sessionId);
  }

  /** Keeps only what concerns sessions that are still open. */
  retain(open: ReadonlySet<SessionId>): void {
    for (const sessionId of this.#absences.keys()) if (!open.has(sessionId)) this.#forget(sessionId);
    for (const sessionId of this.#losses.keys()) if (!open.has(sessionId)) this.#losses.delete(sessionId);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #alone(session: Session): Promise<void> {
    const { agentGraceMs, rooms } = this.#deps;
    const { session_id: sessionId } = session;
    const nowMs = performance.now();
    const absence = this.#absences.get(sessionId) ?? { tries: 0, nextAtMs: nowMs + agentGraceMs };
    this.#absences.set(sessionId, absence);
    if (nowMs < absence.nextAtMs) return this.#lookAgain(sessionId, absence.nextAtMs - nowMs);
    // One that is on its way is slow, not lost; another would only take its turn.
    if (await rooms.isAgentComing(session.room_name, STARTING_MS)) return this.#lookAgain(sessionId, agentGraceMs);
    if (absence.tries >= MAX_TRIES && session.kind !== 'meeting') return this.#giveUp(session);
    if (absence.tries === MAX_TRIES) await this.#tellFailed(sessionId);
    const waitMs = this.#waitMs(absence.tries + 1);
    this.#absences.set(sessionId, { tries: absence.tries + 1, nextAtMs: nowMs + waitMs });
    this.#lookAgain(sessionId, waitMs);
    await this.#sendFor(session, absence.tries + 1);
  }

  /** @returns agents that died in this session of late, this one included */
  #countLoss(sessionId: SessionId): number {
    const atMs = performance.now();
    const before = this.#losses.get(sessionId);
    const count = before && atMs - before.atMs < LOSS_MEMORY_MS ? before.count + 1 : 1;
    this.#losses.set(sessionId, { count, atMs });
    return count;
  }

  #waitMs(tries: number): number {
    const { agentGraceMs } = this.#deps;
    return Math.min(Math.max(MAX_WAIT_MS, agentGraceMs), agentGraceMs * 2 ** Math.min(tries, 20));
  }

  async #sendFor(session: Session, attempt: number): Promise<void> {
    const { rooms, presence, logger, agentGraceMs } = this.#deps;
    // Two instances that notice at once would send two agents.
    if (!(await presence.claim(`dispatch:${session.session_id}`, agentGraceMs))) return;
    logger.warn({ sessionId: session.session_id, attempt }, 'a person is without an agent, sending for another');
    await rooms.replaceAgent(session.room_name, session.session_id);
  }

  async #giveUp(session: Session): Promise<void> {
    const { ender, logger } = this.#deps;
    logger.error({ sessionId: session.session_id }, 'no agent came, ending the session');
    await this.#tellFailed(session.session_id);
    this.#forget(session.session_id);
    await ender.end(session, 'agent_failed');
  }

  async #tellFailed(sessionId: SessionId): Promise<void> {
    await this.#deps.events.append(sessionId, {
      type: 'agent.failed',
      at: eventTime(),
      code: 'agent_unavailable',
      message: `No agent joined the room, nor after ${MAX_TRIES} more tries. Check that the agent service runs.`,
    });
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
