import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type * as z from 'zod';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import type { Entrance, ProtocolKey } from './entrance.ts';
import { SpeechSocket, type SocketPorts, type WireCodec } from './speech-socket.ts';
import type { SessionOptions } from '../session/speech-session.ts';

export interface WireRouteOptions extends Omit<SocketPorts, 'onFault'> {
  readonly entrance: Entrance;
  /** Rejects with AppError `unsupported_language`. */
  readonly checkLanguage: (language: string | undefined) => Promise<void>;
}

/** Who connects, and what for. */
export interface WireRequest<Query> {
  readonly query: Query;
  readonly requestId: string;
  /** See SessionOptions. */
  readonly tenant: string;
}

export interface Wire<Query> {
  readonly url: string;
  readonly query: z.ZodType<Query>;
  readonly keyOfProtocols: ProtocolKey;
  /** Response header by which clients of the wire know a stream. */
  readonly requestIdHeader: string;
  /** Rejects with AppError when the query cannot be served. */
  readonly check: (query: Query) => Promise<void>;
  readonly options: (request: WireRequest<Query>) => SessionOptions;
  readonly codec: (socket: SpeechSocket, request: WireRequest<Query>) => WireCodec;
}

/** Serves a wire at its address. Every refusal is an HTTP problem body before the upgrade. */
export function wireRoute<Query>(app: Service, wire: Wire<Query>, options: WireRouteOptions): void {
  const { entrance, ...ports } = options;
  const tenantOf = (request: FastifyRequest) => entrance.tenantOf(request, wire.keyOfProtocols);
  app.route({
    method: 'GET',
    url: wire.url,
    schema: { querystring: wire.query, hide: true },
    onRequest: async (request: FastifyRequest) => void tenantOf(request),
    preHandler: [
      async (request: FastifyRequest) => entrance.admit(tenantOf(request)),
      (request: FastifyRequest) => wire.check(request.query as Query),
      async (request: FastifyRequest) => {
        entrance.stamp(request, wire.requestIdHeader);
      },
    ],
    handler: (_request: FastifyRequest, reply: FastifyReply) => {
      reply.header('upgrade', 'websocket');
      throw new AppError('invalid_request', `Open ${wire.url} as a WebSocket.`);
    },
    wsHandler: (socket: WebSocket, request: FastifyRequest) => {
      const query = request.query as Query;
      const wanted = { query, requestId: entrance.stampOf(request), tenant: tenantOf(request) };
      const onFault = (error: AppError) => request.log.error({ err: error, url: wire.url }, 'socket failed');
      const codec = (own: SpeechSocket) => wire.codec(own, wanted);
      const speech = new SpeechSocket(socket, wire.options(wanted), codec, { ...ports, onFault });
      entrance.enter(socket, speech, wanted.tenant);
    },
  });
}
