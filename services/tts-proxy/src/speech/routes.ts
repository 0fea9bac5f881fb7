import { Readable } from 'node:stream';
import { modelListSchema } from '@eloquence/shared/contracts/chat';
import { speechRequestSchema, voiceListSchema, type SpeechRequest } from '@eloquence/shared/contracts/tts';
import { clientSignal } from '@eloquence/shared/runtime/client-signal';
import { requireKey, type Service } from '@eloquence/shared/runtime/service';
import type { FastifyReply } from 'fastify';
import { assertFormat, contentTypes, encode } from '../audio/encode.ts';
import type { VoiceChain } from '../chain/voice-chain.ts';
import { resolveVoice, voiceList } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import type { Speech, SpeechOpener, SpeechOptions } from './speech.ts';
import { spokenText } from '../text/spoken-text.ts';

/** OpenAI's model names: clients insist on one. Which model really speaks is a setting, so all mean the same. */
const MODEL_ALIASES = ['tts-1', 'tts-1-hd', 'gpt-4o-mini-tts'];

export interface SpeechRouteDeps {
  readonly speaker: SpeechOpener;
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
  const signal = clientSignal(reply);
  const text = spokenText(body.input);
  const speech = await deps.speaker.open(toOptions(body, text), signal);
  speech.write(body.input);
  speech.end();
  const pieces = speech.pieces[Symbol.asyncIterator]();
  const first = await pieces.next().catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  // Nobody is left to answer.
  if (!first) return reply.hijack();
  reply.raw.once('close', () => speech.close());
  const bytes = encode(samplesOf(pieces), { format, ffmpeg: deps.ffmpeg, signal });
  return reply
    .type(contentTypes[format])
    .header('cache-control', 'no-store')
    .header('x-eloquence-engine', first.value?.type === 'sentence' ? first.value.engine.id : '')
    .send(Readable.from(bytes, { objectMode: false }));
}

async function* samplesOf(
  pieces: ReturnType<Speech['pieces'][typeof Symbol.asyncIterator]>,
): AsyncGenerator<Int16Array> {
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    if (next.value.type === 'broken') throw next.value.error;
    if (next.value.type === 'audio') yield next.value.samples;
  }
}

function toOptions(body: SpeechRequest, text: string): SpeechOptions {
  const name = typeof body.voice === 'string' ? body.voice : body.voice.id;
  return {
    voice: resolveVoice(builtinMap, name, { text, ...(body.language && { language: body.language }) }),
    speed: body.speed,
    ...(body.instructions !== undefined && { instructions: body.instructions }),
    cache: body.cache,
    tenant: 'internal',
  };
}
