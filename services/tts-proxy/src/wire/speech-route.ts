import { Readable } from 'node:stream';
import { speechRequestSchema, type SpeechRequest } from '@eloquence/shared/contracts/tts';
import { clientSignal } from '@eloquence/shared/runtime/client-signal';
import { sendError, type Service } from '@eloquence/shared/runtime/service';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { assertFormat, contentTypes, encode } from '../audio/encode.ts';
import type { SpeechOptions } from '../speech/speech.ts';
import { spokenText } from '../text/spoken-text.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { answerWith, type SpeechAnswer } from './speech-answer.ts';
import { speechEvents } from './speech-events.ts';
import type { WireOptions } from './routes.ts';

/** OpenAI's `POST /v1/audio/speech`. */
export function speechRoute(app: Service, options: WireOptions): void {
  const { callers, entrance } = options;
  app.post(
    '/v1/audio/speech',
    {
      onRequest: callers.require,
      preHandler: entrance.admit,
      schema: { body: speechRequestSchema },
      errorHandler: sendErrorIfHeard,
    },
    async (request, reply) => {
      const { body } = request;
      assertFormat(body.response_format, options.ffmpeg);
      // Refused before anybody is asked; the cutter makes more of the text as it was written.
      const text = spokenText(body.input);
      const speech = toSpeech(body, { text, tenant: callers.tenantOf(request), options });
      const signal = clientSignal(reply);
      entrance.attend(reply.raw);
      const answer = await answerWith(options.opener, body.input, speech, signal).catch((error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      });
      // Nobody is left to answer.
      if (!answer) return reply.hijack();
      const bytes = encode(answer.samples, { format: body.response_format, ffmpeg: options.ffmpeg, signal });
      if (body.stream_format === 'audio')
        return sendSound(
          reply,
          answer,
          contentTypes[body.response_format],
          Readable.from(bytes, { objectMode: false }),
        );
      reply.header('x-accel-buffering', 'no');
      const events = Readable.from(speechEvents(bytes, request.id), { objectMode: false });
      return sendSound(reply, answer, 'text/event-stream; charset=utf-8', events);
    },
  );
}

/** The headers that every answer with sound has, and its body. */
export function sendSound(reply: FastifyReply, answer: SpeechAnswer, type: string, body: Readable): FastifyReply {
  return reply
    .type(type)
    .header('cache-control', 'no-store')
    .header('x-eloquence-engine', answer.engine.id)
    .header('x-eloquence-cache', answer.cached ? 'hit' : 'miss')
    .send(body);
}

/** A caller who hangs up before the first byte cuts the body's stream, which would be told, and logged, as a fault of ours. */
export function sendErrorIfHeard(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (!reply.raw.destroyed) sendError(error, request, reply);
}

interface Wanted {
  readonly text: string;
  readonly tenant: string;
  readonly options: Pick<WireOptions, 'voices'>;
}

function toSpeech(body: SpeechRequest, { text, tenant, options }: Wanted): SpeechOptions {
  const name = typeof body.voice === 'string' ? body.voice : body.voice.id;
  return {
    voice: resolveVoice(options.voices, name, { text, ...(body.language && { language: body.language }) }),
    speed: body.speed,
    ...(body.instructions !== undefined && { instructions: body.instructions }),
    cache: body.cache,
    tenant,
  };
}
