import { AppError } from '@eloquence/shared/runtime/errors';
import { credentialOf } from '@eloquence/shared/runtime/service';
import type { Tenants } from '@eloquence/shared/runtime/tenants';
import type { FastifyRequest } from 'fastify';

/** Who calls, by `Authorization: Bearer K`, Deepgram's `Token K`, or the subprotocols of a browser's WebSocket. */
export class Callers {
  readonly #tenants: Tenants;

  constructor(tenants: Tenants) {
    this.#tenants = tenants;
  }

  /** @throws AppError `unauthorized` */
  tenantOf({ headers }: FastifyRequest): string {
    const tenant = this.#tenants.of(
      credentialOf(headers.authorization) ?? keyOfProtocols(headers['sec-websocket-protocol']),
    );
    if (tenant !== undefined) return tenant;
    throw new AppError('unauthorized', 'Send a valid key as "Authorization: Bearer <key>" or "Token <key>".');
  }

  /** An `onRequest` hook that lets only callers with a key pass. */
  readonly require = async (request: FastifyRequest): Promise<void> => void this.tenantOf(request);
}

/** What Deepgram's browsers send, which cannot set headers: `Sec-WebSocket-Protocol: token, K`. */
function keyOfProtocols(header: string | undefined): string | undefined {
  const [scheme, key] = (header ?? '').split(',').map((part) => part.trim());
  return scheme && /^(?:token|bearer)$/i.test(scheme) ? key : undefined;
}
