import type { SessionId } from '@eloquence/shared/contracts/ids';
import { delay } from '@eloquence/shared/runtime/abort';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { EventReader } from '../events/event-reader.ts';
import type { SessionEnder } from '../sessions/end-session.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { OpenSession, SessionStore } from '../sessions/session-store.ts';
import type { AgentWatch } from './agent-watch.ts';
import { endReasonOf } from './end-reason.ts';
import type { Presence } from './presence.ts';
import type { RoomClient } from './room-client.ts';

export interface ReconcilerDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly reader: EventReader;
  readonly rooms: RoomClient;
  readonly presence: Presence;
  readonly ender: SessionEnder;
  readonly agents: AgentWatch;
  readonly logger: Logger;
  readonly intervalMs: number;
  /** A session younger than this may still be opening: its room need not exist yet. */
  readonly openingGraceMs: number;
}

/** Sessions looked at in one sweep; the oldest come first, so that none waits for ever. */
const SWEEP_LIMIT = 5_000;
/** An agent needs seconds to notice that its session was deleted; what it writes until then goes with the tombstone. */
const TOMBSTONE_MS = 120_000;
/**
 * A room in use must be missing in so many sweeps running: when livekit-server restarts, its clients come back and make
 * the room again.
 */
const SWEEPS_WITHOUT_ROOM = 2;

/** Makes good what webhooks, which LiveKit drops after 30 s, did not tell: compares sessions and rooms at intervals. */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #stopped = new AbortController();
  readonly #missing = new Map<SessionId, number>();
  #running: Promise<void> | undefined;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running ??= this.#run(this.#stopped.signal);
  }

  /** Finishes the sweep at hand and stops. */
  async close(): Promise<void> {
    this.#stopped.abort();
    this.#deps.agents.close();
    await this.#running;
  }

  /** One comparison of everything. */
  async sweep(): Promise<void> {
    const { store, rooms, ender } = this.#deps;
    await ender.purge(await store.tombstones(TOMBSTONE_MS));
    for (const { sessionId, time } of await store.halfResumed()) await store.markResumed(sessionId, time);
    const open = await store.listOpen(SWEEP_LIMIT);
    const existing = new Set(await rooms.listRooms());
    const openIds = new Set(open.map(({ session }) => session.session_id));
    this.#deps.agents.retain(openIds);
    for (const sessionId of this.#missing.keys()) if (!openIds.has(sessionId)) this.#missing.delete(sessionId);
    for (const candidate of open) {
      if (this.#stopped.signal.aborted) return;
      await this.#compare(candidate, existing.has(candidate.session.room_name));
    }
    await this.#closeLeftovers([...existing]);
  }

  async #compare({ session, ageMs }: OpenSession, hasRoom: boolean): Promise<void> {
    const { facts, ender, agents, presence, reader, openingGraceMs, logger } = this.#deps;
    const { session_id: sessionId } = session;
    try {
      const [now = session] = await facts.overlay([session]);
      if (now.state === 'ended') {
        await ender.end(session, now.end_reason ?? 'room_closed');
      } else if (hasRoom) {
        this.#missing.delete(sessionId);
        // Always: LiveKit counts the participants of a list seconds late.
        await agents.look(session);
      } else if (ageMs >= openingGraceMs) {
        const sweeps = (this.#missing.get(sessionId) ?? 0) + 1;
        this.#missing.set(sessionId, sweeps);
        if (now.state === 'active' && sweeps < SWEEPS_WITHOUT_ROOM) return;
        await ender.end(session, await endReasonOf(now, { presence, reader }));
      }
    } catch (error) {
      logger.warn({ err: error, sessionId }, 'a session could not be reconciled');
    }
  }

  /** Closes rooms of sessions that have ended: LiveKit was away then, or a late token made the room again. */
  async #closeLeftovers(roomNames: readonly string[]): Promise<void> {
    const { store, rooms } = this.#deps;
    if (roomNames.length === 0) return;
    for (const name of await store.closedAmong(roomNames)) await rooms.deleteRoom(name);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failing = false;
    while (!signal.aborted) {
      try {
        await this.sweep();
        failing = false;
      } catch (error) {
        if (!failing) this.#deps.logger.warn({ err: error }, 'reconciliation is interrupted');
        failing = true;
      }
      await delay(this.#deps.intervalMs, signal).catch(() => undefined);
    }
  }
}
