import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Session, SessionTokenResponse } from '@eloquence/shared/contracts/sessions';
import type { EventTickets } from './event-tickets.ts';
import { issueToken } from './issue-token.ts';
import { shownName, type Joiner, type People } from './person.ts';

export interface SessionAccessOptions {
  readonly livekit: { readonly publicUrl: string; readonly apiKey: string; readonly apiSecret: string };
  readonly tickets: EventTickets;
  readonly people: People;
  /** What the person who opened a meeting is called in it. */
  readonly openerName: (sessionId: SessionId) => Promise<string | null>;
  /** True when the event stream needs a key: its address then carries a ticket. */
  readonly ticketed: boolean;
}

/** Hands out what a client needs to be in a session: address, token, events. */
export class SessionAccess {
  readonly #options: SessionAccessOptions;

  constructor(options: SessionAccessOptions) {
    this.#options = options;
  }

  /**
   * @param joiner who joins; undefined = the person who opened the session comes (back)
   * @throws AppError `unavailable`
   */
  async grant(session: Session, joiner?: Joiner): Promise<SessionTokenResponse> {
    const { livekit, tickets, ticketed } = this.#options;
    const { person, name } = await this.#present(session, joiner);
    const { token, expiresAt } = await issueToken(livekit, { roomName: session.room_name, person, name });
    const path = `/api/sessions/${session.session_id}/events`;
    return {
      livekit_url: livekit.publicUrl,
      livekit_token: token,
      token_expires_at: expiresAt.toISOString(),
      events_url: ticketed ? `${path}?access_token=${tickets.issue(session.session_id)}` : path,
      ...(person !== undefined && { speaker: person }),
    };
  }

  /** As whom, and under which name. In a conversation there is one person, who is called as the session is. */
  async #present(
    session: Session,
    joiner: Joiner | undefined,
  ): Promise<{ person: string | undefined; name: string | null }> {
    if (session.kind === 'conversation') return { person: undefined, name: joiner?.name ?? session.name };
    const who = joiner ?? (await this.#opener(session));
    return { person: this.#options.people.personOf(who), name: shownName(who) };
  }

  async #opener({ session_id: sessionId, user_id }: Session): Promise<Joiner> {
    const name = await this.#options.openerName(sessionId);
    return { user_id, ...(name !== null && { name }) };
  }
}
