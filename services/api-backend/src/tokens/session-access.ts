import type { Session, SessionTokenResponse } from '@eloquence/shared/contracts/sessions';
import type { EventTickets } from './event-tickets.ts';
import { issueToken } from './issue-token.ts';

export interface SessionAccessOptions {
  readonly livekit: { readonly publicUrl: string; readonly apiKey: string; readonly apiSecret: string };
  readonly tickets: EventTickets;
  /** True when the event stream needs a key: its address then carries a ticket. */
  readonly ticketed: boolean;
}

/** Hands out what a client needs to be in a session: address, token, events. */
export class SessionAccess {
  readonly #options: SessionAccessOptions;

  constructor(options: SessionAccessOptions) {
    this.#options = options;
  }

  async grant(session: Session): Promise<SessionTokenResponse & { readonly events_url: string }> {
    const { livekit, tickets, ticketed } = this.#options;
    const { token, expiresAt } = await issueToken(livekit, { roomName: session.room_name, name: session.name });
    const path = `/api/sessions/${session.session_id}/events`;
    return {
      livekit_url: livekit.publicUrl,
      livekit_token: token,
      token_expires_at: expiresAt.toISOString(),
      events_url: ticketed ? `${path}?access_token=${tickets.issue(session.session_id)}` : path,
    };
  }
}
