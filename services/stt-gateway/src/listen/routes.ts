import { listenQuerySchema, type ListenQuery } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import { checkRate } from '../wire/audio-reader.ts';
import { wireRoute, type Wire, type WireRouteOptions } from '../wire/wire-route.ts';
import { ListenWire, sampleRateOf, sessionOptions } from './listen-wire.ts';

/** `ws://…/v1/listen`, Deepgram's wire. */
export function listenRoutes(app: Service, options: WireRouteOptions): void {
  const wire: Wire<ListenQuery> = {
    url: '/v1/listen',
    query: listenQuerySchema,
    // What its browsers send: `Sec-WebSocket-Protocol: token, K`.
    keyOfProtocols: ([scheme, key]) => (scheme && /^(?:token|bearer)$/i.test(scheme) ? key : undefined),
    requestIdHeader: 'dg-request-id',
    check: async (query) => {
      checkRate(sampleRateOf(query), 'sample_rate');
      await options.checkLanguage(query.language);
    },
    options: ({ query, tenant }) => sessionOptions(query, tenant),
    codec: (socket, request) => new ListenWire(socket, request, options.limits),
  };
  wireRoute(app, wire, options);
  app.post('/v1/listen', { schema: { hide: true } }, () => {
    throw new AppError('not_found', 'Recordings go to POST /v1/audio/transcriptions; /v1/listen is a WebSocket.');
  });
}
