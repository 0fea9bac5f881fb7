import { AppError } from '@eloquence/shared/runtime/errors';
import { credentialOf } from '@eloquence/shared/runtime/service';
import { Tenants } from '@eloquence/shared/runtime/tenants';
import type { FastifyRequest } from 'fastify';
import type { EventTickets } from '../tokens/event-tickets.ts';

/** Routes under /api with their own proof: LiveKit signs its webhooks. */
const SIGNED_ROUTES = new Set(['/api/livekit/webhook']);
export const EVENTS_ROUTE = '/api/sessions/:session_id/events';

/** Only keys that were checked make a tenant: anything else would let a caller choose whom a rate limit counts. */
const tenants = new WeakMap<FastifyRequest, string>();

export interface AuthOptions {
  readonly apiKeys: readonly string[];
  readonly tickets: EventTickets;
}

/**
 * An `onRequest` hook: with keys configured, every /api route needs `Authorization: Bearer <key>`. EventSource cannot set
 * headers, so the event stream also takes `?access_token=` with a ticket for that one session.
 */
export function requireApiKey({ apiKeys, tickets }: AuthOptions) {
  const known = new Tenants('', apiKeys);
  return async (request: FastifyRequest): Promise<void> => {
    const route = request.routeOptions.url;
    if (apiKeys.length === 0 || !route?.startsWith('/api/') || SIGNED_ROUTES.has(route)) return;
    const tenant = known.ofKey(credentialOf(request.headers.authorization));
    if (tenant !== undefined) {
      tenants.set(request, tenant);
      return;
    }
    if (route === EVENTS_ROUTE && hasTicket(request, tickets)) return;
    throw new AppError('unauthorized', 'Send one of the keys of API_KEYS as "Authorization: Bearer <key>".');
  };
}

/**
 * An `onRequest` hook of the LLM proxy: with keys configured or without, only their holders and our own services ask models,
 * because models cost money.
 */
export function requireModelKey({
  apiKeys,
  internalKey,
}: {
  readonly apiKeys: readonly string[];
  readonly internalKey: string;
}) {
  const known = new Tenants(internalKey, apiKeys);
  return async (request: FastifyRequest): Promise<void> => {
    const tenant = known.of(credentialOf(request.headers.authorization));
    if (tenant === undefined) throw new AppError('unauthorized', 'Send a valid key as "Authorization: Bearer <key>".');
    tenants.set(request, tenant);
  };
}

function hasTicket(request: FastifyRequest, tickets: EventTickets): boolean {
  const { session_id: sessionId } = request.params as { readonly session_id?: string };
  const { access_token: ticket } = request.query as { readonly access_token?: unknown };
  return typeof ticket === 'string' && sessionId !== undefined && tickets.isValid(ticket, sessionId);
}

/** Whose everything is where no key is asked for. */
export const LOCAL_TENANT = 'local';

/**
 * Whose request this is, for sessions, idempotency keys, limits and bills: a digest of its API key, `internal` for our own
 * services' key, or `local` where none was asked for.
 */
export function tenantOf(request: FastifyRequest): string {
  return tenants.get(request) ?? LOCAL_TENANT;
}

/**
 * Tenants whose sessions a request may see: its own, and those opened before there were keys; undefined = all of them, where no key
 * is asked for.
 */
export function seenBy(request: FastifyRequest): readonly string[] | undefined {
  const tenant = tenants.get(request);
  return tenant === undefined ? undefined : [tenant, LOCAL_TENANT];
}
