import * as z from 'zod';
import type { Service } from '@eloquence/shared/runtime/service';
import { wireRoute, type Wire, type WireRouteOptions } from '../wire/wire-route.ts';
import { RealtimeWire } from './realtime-wire.ts';
import { initialSettings, sessionOptions } from './settings.ts';

/** `intent`, and whatever else clients add, is accepted: this is a transcription session in any case. */
const querySchema = z.looseObject({ model: z.string().max(200).optional() });
type Query = z.infer<typeof querySchema>;

/** What browsers, which cannot set headers, offer beside `realtime`. */
const KEY_PROTOCOL = 'openai-insecure-api-key.';

/** `ws://…/v1/realtime`, OpenAI's wire for transcription sessions. */
export function realtimeRoutes(app: Service, options: WireRouteOptions): void {
  const { limits, checkLanguage } = options;
  const wire: Wire<Query> = {
    url: '/v1/realtime',
    query: querySchema,
    keyOfProtocols: (protocols) => protocols.find((name) => name.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length),
    requestIdHeader: 'x-request-id',
    check: () => Promise.resolve(),
    options: ({ query, tenant }) => sessionOptions(initialSettings(query.model), tenant),
    codec: (socket, { query, requestId, tenant }) =>
      new RealtimeWire(socket, { settings: initialSettings(query.model), requestId, tenant, limits, checkLanguage }),
  };
  wireRoute(app, wire, options);
}
