import type { SessionId } from '@eloquence/shared/contracts/ids';

export interface SessionTenantsOptions {
  /** Undefined when there is no such session. */
  readonly load: (sessionId: SessionId) => Promise<string | undefined>;
  /** Test seam. */
  readonly now?: () => number;
}

/** Drop policy: the entry that was loaded longest ago goes. At ~100 bytes each it is about 1 MB. */
const MOST_ENTRIES = 10_000;
/** A session keeps its tenant for life; looking again only finds out that it was deleted. */
const FRESH_MS = 60_000;
/** An id that is not known may be a moment ahead of its row. */
const UNKNOWN_FRESH_MS = 1_000;

interface Entry {
  readonly tenant: string | undefined;
  readonly freshUntilMs: number;
}

/** Tenants of sessions, remembered, so that a turn of a conversation does not wait for Postgres. */
export class SessionTenants {
  readonly #load: SessionTenantsOptions['load'];
  readonly #now: () => number;
  readonly #entries = new Map<SessionId, Entry>();
  readonly #loading = new Map<SessionId, Promise<string | undefined>>();

  constructor({ load, now = () => performance.now() }: SessionTenantsOptions) {
    this.#load = load;
    this.#now = now;
  }

  /**
   * The session's tenant; undefined when there is no such session. What is known but old is given at once and looked up
   * again behind, so one call may still see a session that was deleted a minute ago.
   *
   * @throws as `load`, for a session never seen
   */
  async of(sessionId: SessionId): Promise<string | undefined> {
    const fresh = this.#fresh(sessionId);
    if (fresh) return fresh.tenant;
    const entry = this.#entries.get(sessionId);
    const loading = this.#loading.get(sessionId) ?? this.#begin(sessionId);
    if (entry?.tenant === undefined) return loading;
    // An outage of Postgres ends no conversation.
    loading.catch(() => undefined);
    return entry.tenant;
  }

  /** The tenant of a session that was looked up a moment ago: nothing to wait for. */
  known(sessionId: SessionId): string | undefined {
    return this.#fresh(sessionId)?.tenant;
  }

  #fresh(sessionId: SessionId): Entry | undefined {
    const entry = this.#entries.get(sessionId);
    return entry && this.#now() < entry.freshUntilMs ? entry : undefined;
  }

  #begin(sessionId: SessionId): Promise<string | undefined> {
    const loading = this.#load(sessionId)
      .then((tenant) => {
        this.#keep(sessionId, tenant);
        return tenant;
      })
      .finally(() => this.#loading.delete(sessionId));
    this.#loading.set(sessionId, loading);
    return loading;
  }

  #keep(sessionId: SessionId, tenant: string | undefined): void {
    this.#entries.delete(sessionId);
    const freshMs = tenant === undefined ? UNKNOWN_FRESH_MS : FRESH_MS;
    this.#entries.set(sessionId, { tenant, freshUntilMs: this.#now() + freshMs });
    if (this.#entries.size <= MOST_ENTRIES) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }
}
