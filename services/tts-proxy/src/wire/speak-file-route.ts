import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { speakFileBodySchema, speakFileQuerySchema, type SpeakFileQuery } from '@eloquence/shared/contracts/speak';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { clientSignal } from '@eloquence/shared/runtime/client-signal';
import type { Service } from '@eloquence/shared/runtime/service';
import { assertFormat, contentTypes, encode } from '../audio/encode.ts';
import { streamingWavHeader } from '../audio/wav.ts';
import { spokenText } from '../text/spoken-text.ts';
import type { WireOptions } from './routes.ts';
import { SoundFrames, type SoundEncoding } from './sound-frames.ts';
import { answerWith } from './speech-answer.ts';
import { formatOf, speechOf } from './speak-query.ts';
import { sendErrorIfHeard, sendSound } from './speech-route.ts';

const rawTypes = { linear16: 'audio/l16', mulaw: 'audio/mulaw', alaw: 'audio/alaw' } as const;

/** Deepgram's `POST /v1/speak`: a text that is known whole. LiveKit's plugins use it for single phrases. */
export function speakFileRoute(app: Service, options: WireOptions): void {
  const { callers, entrance, ffmpeg } = options;
  app.post(
    '/v1/speak',
    {
      onRequest: callers.require,
      preHandler: entrance.admit,
      schema: { querystring: speakFileQuerySchema, body: speakFileBodySchema },
      errorHandler: sendErrorIfHeard,
    },
    async (request, reply) => {
      const { query, body } = request;
      checkContainer(query);
      if (!isRaw(query.encoding)) assertFormat(query.encoding, ffmpeg);
      spokenText(body.text);
      const signal = clientSignal(reply);
      entrance.attend(reply.raw);
      const speech = speechOf(options.voices, query, { text: body.text, tenant: callers.tenantOf(request) });
      const answer = await answerWith(options.opener, body.text, speech, signal).catch((error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      });
      // Nobody is left to answer.
      if (!answer) return reply.hijack();
      reply.header('dg-request-id', randomUUID()).header('dg-char-count', String(body.text.length));
      const { encoding } = query;
      if (!isRaw(encoding)) {
        const bytes = encode(answer.samples, { format: encoding, ffmpeg, signal });
        return sendSound(reply, answer, contentTypes[encoding], Readable.from(bytes, { objectMode: false }));
      }
      const isWav = encoding === 'linear16' && query.container !== 'none';
      const bytes = Readable.from(rawSound(answer.samples, { ...query, encoding }, isWav), { objectMode: false });
      return sendSound(reply, answer, isWav ? contentTypes.wav : rawType(query), bytes);
    },
  );
}

async function* rawSound(
  samples: AsyncIterable<Int16Array>,
  query: SpeakFileQuery & { readonly encoding: SoundEncoding },
  isWav: boolean,
): AsyncGenerator<Buffer> {
  const format = formatOf(query);
  const frames = new SoundFrames(format);
  if (isWav) yield streamingWavHeader(format.rateHz);
  for await (const piece of samples) yield* frames.push(piece);
  yield* frames.flush();
}

const isRaw = (encoding: SpeakFileQuery['encoding']): encoding is SoundEncoding => encoding in rawTypes;

function rawType({ encoding, sample_rate }: SpeakFileQuery): string {
  if (!isRaw(encoding)) return contentTypes[encoding];
  return `${rawTypes[encoding]};rate=${formatOf({ encoding, sample_rate }).rateHz}`;
}

/** @throws AppError `invalid_request` for a container or a rate the encoding does not come in */
function checkContainer({ encoding, container, sample_rate }: SpeakFileQuery): void {
  const possible = encoding === 'linear16' ? ['wav', 'none'] : encoding === 'opus' ? ['ogg'] : ['none'];
  if (container !== undefined && !possible.includes(container))
    throw new AppError('invalid_request', `encoding=${encoding} comes in container=${possible.join(' or ')}.`);
  if (!isRaw(encoding) && sample_rate !== undefined && sample_rate !== TTS_SAMPLE_RATE_HZ)
    throw new AppError(
      'invalid_request',
      `encoding=${encoding} comes at sample_rate=${TTS_SAMPLE_RATE_HZ}; leave it out.`,
    );
}
