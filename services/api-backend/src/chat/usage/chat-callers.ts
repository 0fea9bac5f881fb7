import { SESSION_HEADER, type LlmPurpose } from '@eloquence/shared/contracts/chat';
import { sessionIdSchema, type SessionId } from '@eloquence/shared/contracts/ids';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { INTERNAL_TENANT } from '@eloquence/shared/runtime/tenants';
import type { FastifyRequest } from 'fastify';
import { tenantOf } from '../../http/auth.ts';
import type { ChatCaller } from './ledger.ts';
import type { SessionTenants } from './session-tenants.ts';

/** How long one of our own services waits for Postgres to say whose session it is: a person is waiting for an answer. */
const LOOKUP_WAIT_MS = 250;

/** On whose account requests are. */
export class ChatCallers {
  readonly #sessions: SessionTenants;
  readonly #telemetry: Telemetry;
  readonly #ours: string;

  /** @param ours tenant of our own services where they name no session */
  constructor(sessions: SessionTenants, telemetry: Telemetry, ours: string) {
    this.#sessions = sessions;
    this.#telemetry = telemetry;
    this.#ours = ours;
  }

  /**
   * The account of a request whose key was checked: that of the session it names, else the key's own. Our own services may
   * name any session. Where Postgres cannot say whose it is they go on, on no tenant's quota; the bill finds its tenant
   * when it is written.
   *
   * @throws AppError `not_found` for a session that does not exist or is another tenant's, `unavailable`
   */
  async of(request: FastifyRequest, purpose: LlmPurpose): Promise<ChatCaller> {
    const own = tenantOf(request);
    const named = request.headers[SESSION_HEADER];
    if (named === undefined) return { tenant: own === INTERNAL_TENANT ? this.#ours : own, purpose };
    const parsed = sessionIdSchema.safeParse(named);
    if (!parsed.success) throw this.#unknown();
    const sessionId = parsed.data;
    const known = this.#sessions.known(sessionId);
    if (known !== undefined && (own === INTERNAL_TENANT || own === known)) return { tenant: known, sessionId, purpose };
    if (own === INTERNAL_TENANT) {
      const tenant = await this.#soon(sessionId);
      if (tenant === 'unknown') throw this.#unknown();
      return { tenant: tenant.name ?? own, sessionId, purpose };
    }
    const tenant = await this.#sessions.of(sessionId);
    if (tenant !== own) throw this.#unknown();
    return { tenant, sessionId, purpose };
  }

  /** `unknown` = no such session; without a name = nobody could say in time. */
  async #soon(sessionId: SessionId): Promise<'unknown' | { readonly name?: string }> {
    const late = new AbortController();
    const found = this.#sessions.of(sessionId).then(
      (tenant) => (tenant === undefined ? 'unknown' : { name: tenant }),
      () => ({}),
    );
    try {
      return await Promise.race([found, delay(LOOKUP_WAIT_MS, late.signal).then(() => ({}))]);
    } finally {
      late.abort();
    }
  }

  /** The same for both, so that nobody learns which sessions there are. */
  #unknown(): AppError {
    this.#telemetry.count('eloquence_llm_refused_total', { reason: 'session' });
    return new AppError('not_found', `${SESSION_HEADER} names no session of yours. It may have been deleted.`);
  }
}
