import { createHash } from 'node:crypto';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { CreateSessionRequest, Session } from '@eloquence/shared/contracts/sessions';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { eventTime, type EventLog } from '@eloquence/shared/runtime/event-log';
import { newSessionId } from '@eloquence/shared/runtime/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { RoomClient } from '../livekit/room-client.ts';
import type { ScenarioDirectory } from '../scenarios/scenario-directory.ts';
import type { SessionFacts } from './session-facts.ts';
import type { IdempotencyClaim, SessionStore } from './session-store.ts';

export interface OpenSessionDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly events: EventLog;
  readonly rooms: RoomClient;
  readonly scenarios: ScenarioDirectory;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** IANA name, of meetings whose opener names none. */
  readonly timeZone: string;
}

/** How long a repeated request waits for the first one to finish. */
const TWIN_WAIT_MS = 2_000;
const TWIN_POLL_MS = 40;
/** How long undoing may delay the answer; the rest of it goes on behind. */
const UNDO_WAIT_MS = 800;

/** Opens sessions: row, room, agent, first event; all of it or nothing. */
export class SessionOpener {
  readonly #deps: OpenSessionDeps;

  constructor(deps: OpenSessionDeps) {
    this.#deps = deps;
  }

  /**
   * Opens a session, or finds the one an earlier request with the same Idempotency-Key opened. Of requests with one key at
   * the same time, here or on another instance, one opens and the others wait for it.
   *
   * @throws AppError `unknown_scenario`, `idempotency_mismatch`, `session_ended` (the key's session is over), `unavailable`
   */
  async open(request: CreateSessionRequest, owner: { tenant: string; key: string | undefined }): Promise<Session> {
    const claim =
      owner.key === undefined ? undefined : { tenant: owner.tenant, key: owner.key, requestHash: hash(request) };
    const deadline = performance.now() + TWIN_WAIT_MS;
    for (;;) {
      const known = claim && (await this.#findTwin(claim, deadline));
      if (known) return known;
      const opened = await this.#openNew(request, owner.tenant, claim);
      if (opened) return opened;
    }
  }

  async #openNew(
    request: CreateSessionRequest,
    tenant: string,
    claim: IdempotencyClaim | undefined,
  ): Promise<Session | false> {
    const { store, scenarios, telemetry } = this.#deps;
    const { kind, language } = await scenarios.choose(request.scenario_id, request.language);
    const sessionId = newSessionId();
    const session = await store.insert(
      {
        tenant,
        session: {
          session_id: sessionId,
          user_id: request.user_id,
          scenario_id: request.scenario_id,
          kind,
          language,
          name: request.name ?? (kind === 'conversation' ? request.participant_name : undefined) ?? null,
          room_name: sessionId,
        },
        participantName: request.participant_name,
        options: kind === 'meeting' ? withTimeZone(request.options, this.#deps.timeZone) : (request.options ?? {}),
        consent: request.consent,
      },
      claim,
    );
    if (!session) return false;
    await this.#furnish(session);
    telemetry.count('eloquence_sessions_created_total', { scenario: session.scenario_id });
    return session;
  }

  /** Gives a row its room, its agent and its first event, or takes all of it back. */
  async #furnish(session: Session): Promise<void> {
    const { rooms, events } = this.#deps;
    try {
      await rooms.createRoom(session.room_name, session.kind);
      await rooms.dispatchAgent(session.room_name, session.session_id);
      await events.append(session.session_id, {
        type: 'session.created',
        at: eventTime(),
        scenario_id: session.scenario_id,
        language: session.language,
      });
    } catch (error) {
      await Promise.race([this.#undo(session), delay(UNDO_WAIT_MS)]);
      throw error;
    }
  }

  /** Best effort: a room left behind closes itself when nobody joins, and a row left behind is ended by reconciliation. */
  async #undo(session: Session): Promise<void> {
    const { store, rooms, facts, logger } = this.#deps;
    const undone = await Promise.allSettled([
      store.remove(session.session_id),
      rooms.deleteRoom(session.room_name),
      facts.forget(session.session_id),
    ]);
    for (const step of undone) {
      if (step.status === 'rejected') {
        logger.warn(
          { err: step.reason as unknown, sessionId: session.session_id },
          'undoing a half-open session failed',
        );
      }
    }
  }

  /** The session of an earlier request with this key once it is open; undefined when there is none (any more). */
  async #findTwin(claim: IdempotencyClaim, deadline: number): Promise<Session | undefined> {
    const { store } = this.#deps;
    for (;;) {
      const known = await store.findRequest(claim.tenant, claim.key);
      if (!known) return undefined;
      if (known.requestHash !== claim.requestHash) {
        throw new AppError(
          'idempotency_mismatch',
          'This Idempotency-Key was used with another body. Use a new key for a new request.',
        );
      }
      const session = await this.#ifOpen(known.sessionId);
      if (session) return session;
      if (performance.now() > deadline) {
        throw new AppError('unavailable', 'The first request with this Idempotency-Key is still at work. Try again.', {
          retryAfterS: 1,
        });
      }
      await delay(TWIN_POLL_MS);
    }
  }

  async #ifOpen(sessionId: SessionId): Promise<Session | undefined> {
    const session = await this.#deps.store.find(sessionId);
    if (!session) return undefined;
    const [now = session] = await this.#deps.facts.overlay([session]);
    if (now.state === 'ended') {
      throw new AppError('session_ended', 'The session opened with this Idempotency-Key has ended. Use a new key.');
    }
    return now.state === 'active' || (await this.#deps.facts.isOpened(sessionId)) ? now : undefined;
  }
}

/** Schemas give members in one order, so equal requests have equal text. */
function hash(request: CreateSessionRequest): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

/** What is counted and shown by the clock stays as it was, whatever the server is told later. */
function withTimeZone(
  options: CreateSessionRequest['options'],
  timeZone: string,
): NonNullable<CreateSessionRequest['options']> {
  return { ...options, meeting: { time_zone: timeZone, ...options?.meeting } };
}
