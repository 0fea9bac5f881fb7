import { createHmac, timingSafeEqual } from 'node:crypto';

/** How long a ticket opens its event stream; `POST …/{id}/token` gives a new one. */
export const TICKET_TTL_MS = 10 * 60_000;

/**
 * Tickets for the event stream of one session: `<expiry>.<HMAC>`. They are readable in addresses and proxies' logs, hence
 * short-lived, for one session, and good for reading only.
 */
export class EventTickets {
  readonly #secret: Buffer;
  readonly #now: () => number;

  /** @param key any secret of the service; a key of its own is derived from it */
  constructor(key: string, now: () => number = Date.now) {
    this.#secret = createHmac('sha256', key).update('eloquence event ticket v1').digest();
    this.#now = now;
  }

  issue(sessionId: string): string {
    const expiry = String(this.#now() + TICKET_TTL_MS);
    return `${expiry}.${this.#sign(sessionId, expiry)}`;
  }

  isValid(ticket: string, sessionId: string): boolean {
    const [, expiry, signature] = /^(\d{1,15})\.([\w-]{43})$/.exec(ticket) ?? [];
    if (expiry === undefined || signature === undefined || Number(expiry) < this.#now()) return false;
    return timingSafeEqual(Buffer.from(signature), Buffer.from(this.#sign(sessionId, expiry)));
  }

  #sign(sessionId: string, expiry: string): string {
    return createHmac('sha256', this.#secret).update(`${sessionId}\n${expiry}`).digest('base64url');
  }
}
