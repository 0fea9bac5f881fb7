import { AppError } from '@eloquence/shared/runtime/errors';
import type { FastifyRequest } from 'fastify';
import { hostNameOf, isLoopback, isRebindingSafe } from './hosts.ts';

export interface GuardOptions {
  readonly bindAddress: string;
  readonly publicAddress: string;
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * An `onRequest` hook against pages that use a visitor's browser to reach a service on the visitor's own machine: a `Host`
 * that DNS rebinding could have made is refused, and so is any change asked for by a page of another origin.
 */
export function guardBrowsers(options: GuardOptions) {
  const local = isLoopback(options.bindAddress) || isLoopback(options.publicAddress);
  return async (request: FastifyRequest): Promise<void> => {
    if (local) checkHost(request, options);
    // By route, not by address: `/%61pi/` is the same route.
    if (request.routeOptions.url?.startsWith('/api/') && !READING.has(request.method)) checkOrigin(request, options);
  };
}

function checkHost(request: FastifyRequest, { publicAddress }: GuardOptions): void {
  const name = hostNameOf(request.headers.host);
  if (name !== undefined && (isRebindingSafe(name) || name === publicAddress.toLowerCase())) return;
  throw new AppError(
    'forbidden',
    'This service answers to this machine only. To serve it under a name, set PUBLIC_ADDRESS and API_KEYS.',
  );
}

/** Browsers set these two headers and no page can forge them; programs that are not browsers send neither. */
function checkOrigin(request: FastifyRequest, { publicAddress }: GuardOptions): void {
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  // True also behind a proxy that rewrites Host. DNS rebinding makes it true as well, which is why Host is checked first.
  if (site === 'same-origin') return;
  if (origin === undefined) {
    if (site === undefined || site === 'none') return;
  } else if (URL.canParse(origin)) {
    const { host: from } = new URL(origin);
    if (from !== '' && (from === host?.toLowerCase() || hostNameOf(from) === publicAddress.toLowerCase())) return;
  }
  throw new AppError(
    'forbidden',
    'Pages of another origin may not change anything here. Use the page of this service.',
  );
}
