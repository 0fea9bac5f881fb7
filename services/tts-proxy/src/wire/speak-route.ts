import { speakQuerySchema, type SpeakQuery } from '@eloquence/shared/contracts/speak';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { SpeechOptions } from '../speech/speech.ts';
import { resolveVoice, voiceForModel } from '../voices/resolve-voice.ts';
import type { VoiceMap } from '../voices/voice-map.ts';
import type { Voice } from '../voices/voice.ts';
import type { WireOptions } from './routes.ts';
import type { SoundFormat } from './sound-frames.ts';
import { SpeakSocket } from './speak-socket.ts';

/** Rate of companded speech everywhere. */
const TELEPHONE_RATE_HZ = 8_000;

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
      entrance.enter(socket, speaking);
    },
  });
}

/** What the query says of a speech that begins with `text`. @throws AppError `unknown_voice` */
export function speechOf(
  voices: VoiceMap,
  query: Pick<SpeakQuery, 'voice' | 'model' | 'language' | 'speed' | 'instructions' | 'cache'>,
  { text, tenant }: { readonly text: string; readonly tenant: string },
): SpeechOptions {
  return {
    voice: voiceOf(voices, query, text),
    speed: query.speed,
    ...(query.instructions !== undefined && { instructions: query.instructions }),
    cache: query.cache,
    tenant,
  };
}

function voiceOf(voices: VoiceMap, query: Pick<SpeakQuery, 'voice' | 'model' | 'language'>, text: string): Voice {
  const request = { text, ...(query.language && { language: query.language }) };
  return query.voice === undefined
    ? voiceForModel(voices, query.model, request)
    : resolveVoice(voices, query.voice, request);
}

function formatOf({ encoding, sample_rate }: SpeakQuery): SoundFormat {
  return { encoding, rateHz: sample_rate ?? (encoding === 'linear16' ? TTS_SAMPLE_RATE_HZ : TELEPHONE_RATE_HZ) };
}
