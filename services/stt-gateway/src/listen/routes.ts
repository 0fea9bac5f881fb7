import type { FastifyReply, FastifyRequest } from 'fastify';
import { listenQuerySchema, type ListenQuery } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { credentialOf, type Service } from '@eloquence/shared/runtime/service';
import { INPUT_RATES_HZ } from '../audio/resampler.ts';
import type { Admission } from '../decoding/admission.ts';
import type { Tenants } from '../tenants.ts';
import { ListenSocket, type ListenPorts } from './socket.ts';

export interface ListenRouteOptions extends ListenPorts {
  readonly tenants: Tenants;
  readonly admission: Admission;
  /** True once the process is stopping. */
  readonly draining: () => boolean;
  /** False while speech detection is being restarted. */
  readonly hears: () => boolean;
  /** Rejects with AppError `unsupported_language`. */
  readonly checkLanguage: (language: string | undefined) => Promise<void>;
}

/** The open sockets; shared with whoever closes them. */
export type OpenSockets = Set<ListenSocket>;

/** Deepgram's way for browsers, which cannot set headers: `Sec-WebSocket-Protocol: token, K`. */
function credentialOfProtocol(header: string | undefined): string | undefined {
  const [scheme, key] = (header ?? '').split(',').map((part) => part.trim());
  return scheme && /^(?:token|bearer)$/i.test(scheme) ? key : undefined;
}

/** `ws://…/v1/listen`. Every refusal is an HTTP problem body before the upgrade. */
export function listenRoutes(app: Service, options: ListenRouteOptions): OpenSockets {
  const open: OpenSockets = new Set();
  const tenantOf = ({ headers }: FastifyRequest) =>
    options.tenants.of(credentialOf(headers.authorization) ?? credentialOfProtocol(headers['sec-websocket-protocol']));
  const authorize = async (request: FastifyRequest) => {
    if (tenantOf(request)) return;
    throw new AppError('unauthorized', 'Send a valid key as "Authorization: Token <key>".');
  };
  const admit = async (request: FastifyRequest) => {
    if (options.draining())
      throw new AppError('unavailable', 'The service is stopping. Connect again in a few seconds.', { retryAfterS: 5 });
    if (!options.hears())
      throw new AppError('unavailable', 'Speech detection is starting. Connect again.', { retryAfterS: 1 });
    const refusal = options.admission.admit(tenantOf(request) ?? '');
    if (refusal) throw refusal;
  };
  const checkLanguage = (request: FastifyRequest) => options.checkLanguage((request.query as ListenQuery).language);
  app.route({
    method: 'GET',
    url: '/v1/listen',
    schema: { querystring: listenQuerySchema, hide: true },
    onRequest: authorize,
    preHandler: [checkRate, checkLanguage, admit],
    handler: (_request: FastifyRequest, reply: FastifyReply) => {
      reply.header('upgrade', 'websocket');
      throw new AppError('invalid_request', 'Open /v1/listen as a WebSocket.');
    },
    wsHandler: (socket, request) => {
      const tenant = tenantOf(request) ?? '';
      const listener = new ListenSocket(socket, { query: request.query, requestId: request.id, tenant }, options);
      const leave = options.admission.enter(tenant);
      open.add(listener);
      socket.on('close', () => {
        open.delete(listener);
        leave();
      });
    },
  });
  return open;
}

async function checkRate(request: FastifyRequest): Promise<void> {
  const rate = (request.query as ListenQuery).sample_rate;
  if (INPUT_RATES_HZ.some((known) => known === rate)) return;
  throw new AppError('invalid_request', `sample_rate ${rate} is not supported: use ${INPUT_RATES_HZ.join(', ')}.`, {
    issues: [{ path: 'querystring.sample_rate', message: 'is not supported' }],
  });
}
