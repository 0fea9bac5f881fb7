import { speakQuerySchema, type SpeakQuery } from '@eloquence/shared/contracts/speak';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { WireOptions } from './routes.ts';
import { formatOf, speechOf, voiceOf } from './speak-query.ts';
import { SpeakSocket } from './speak-socket.ts';

/** `ws://…/v1/speak`, Deepgram's wire. Every refusal is an HTTP problem body before the upgrade. */
export function speakRoute(app: Service, options: WireOptions): void {
  const { callers, entrance } = options;
  app.route({
    method: 'GET',
    url: '/v1/speak',
    schema: { querystring: speakQuerySchema, hide: true },
    onRequest: callers.require,
    preHandler: [
      // An unknown voice is told before the upgrade too.
      async (request: FastifyRequest) => void voiceOf(options.voices, request.query as SpeakQuery, ''),
      entrance.admitSocket,
    ],
    handler: (_request: FastifyRequest, reply: FastifyReply) => {
      reply.header('upgrade', 'websocket');
      throw new AppError('invalid_request', 'Open /v1/speak as a WebSocket, or POST a text to it.');
    },
    wsHandler: (socket: WebSocket, request: FastifyRequest) => {
      const query = request.query as SpeakQuery;
      const tenant = callers.tenantOf(request);
      const speaking = new SpeakSocket(socket, {
        opener: options.opener,
        limits: options.limits,
        format: formatOf(query),
        query,
        speechOf: (text) => speechOf(options.voices, query, { text, tenant }),
        requestId: entrance.idOf(request),
        modelName: query.voice ?? query.model ?? voiceOf(options.voices, query, '').id,
        onFault: (error) => request.log.error({ err: error, url: '/v1/speak' }, 'speaking failed'),
      });
      entrance.enter(socket, speaking, tenant);
    },
  });
}
