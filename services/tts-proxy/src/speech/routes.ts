import { Readable } from 'node:stream';
import { modelListSchema } from '@eloquence/shared/contracts/chat';
import { speechRequestSchema, voiceListSchema, type SpeechRequest } from '@eloquence/shared/contracts/tts';
import { clientSignal } from '@eloquence/shared/runtime/client-signal';
import { requireKey, type Service } from '@eloquence/shared/runtime/service';
import type { FastifyReply } from 'fastify';
import { assertFormat, contentTypes, encode } from '../audio/encode.ts';
import type { Utterance } from '../providers/provider.ts';
import type { VoiceChain } from '../providers/voice-chain.ts';
import { resolveVoice, voiceList } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import type { Speaker } from './speaker.ts';
import { spokenText } from '../text/spoken-text.ts';

/** OpenAI's model names: clients insist on one. Which model really speaks is a setting, so all mean the same. */
const MODEL_ALIASES = ['tts-1', 'tts-1-hd', 'gpt-4o-mini-tts'];

export interface SpeechRouteDeps {
  readonly speaker: Speaker;
  readonly chain: VoiceChain;
  readonly internalKey: string;
  readonly ffmpeg: string | undefined;
}

/** `POST /v1/audio/speech`, `GET /v1/audio/voices`, `GET /v1/models`. */
export function registerSpeechRoutes(app: Service, deps: SpeechRouteDeps): void {
  const onRequest = requireKey([deps.internalKey]);
  app.get('/v1/audio/voices', { onRequest, schema: { response: { 200: voiceListSchema } } }, () =>
    voiceList(builtinMap, []),
  );
  app.get('/v1/models', { onRequest, schema: { response: { 200: modelListSchema } } }, () => {
    const engine = deps.chain.engine();
    const ids = [...MODEL_ALIASES, ...(engine ? [engine.id] : [])];
    return {
      object: 'list' as const,
      data: ids.map((id) => ({ id, object: 'model' as const, created: 0, owned_by: 'eloquence' })),
    };
  });
  app.post('/v1/audio/speech', { onRequest, schema: { body: speechRequestSchema } }, (request, reply) =>
    answerSpeech(request.body, reply, deps),
  );
}

async function answerSpeech(body: SpeechRequest, reply: FastifyReply, deps: SpeechRouteDeps): Promise<FastifyReply> {
  const format = body.response_format;
  assertFormat(format, deps.ffmpeg);
  const utterance = toUtterance(body);
  const signal = clientSignal(reply);
  const speech = await deps.speaker.open(utterance, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  // Nobody is left to answer.
  if (!speech) return reply.hijack();
  reply.raw.once('close', speech.close);
  const bytes = encode(speech.samples, { format, ffmpeg: deps.ffmpeg, signal });
  return reply
    .type(contentTypes[format])
    .header('cache-control', 'no-store')
    .header('x-eloquence-engine', speech.provider.engine.id)
    .send(Readable.from(bytes, { objectMode: false }));
}

function toUtterance(body: SpeechRequest): Utterance {
  const text = spokenText(body.input);
  const name = typeof body.voice === 'string' ? body.voice : body.voice.id;
  return {
    text,
    voice: resolveVoice(builtinMap, name, { text, ...(body.language && { language: body.language }) }),
    speed: body.speed,
    ...(body.instructions !== undefined && { instructions: body.instructions }),
  };
}
