import * as z from 'zod';

/**
 * Deepgram's streaming speech wire, `GET /v1/speak` upgraded to a WebSocket: text comes as it is written, sound goes out as
 * binary frames. Source: deepgram.asyncapi.yml, channel /v1/speak. `voice`, `language`, `cache` and `sentences` are ours.
 */
const common = {
  /** A Deepgram name or a voice of ours; an unknown Deepgram name means its language's own voice. */
  model: z.string().max(200).optional(),
  /** A voice of `GET /v1/audio/voices`; wins over `model`. */
  voice: z.string().min(1).max(100).optional(),
  language: z.enum(['fr', 'en']).optional(),
  sample_rate: z.coerce
    .number()
    .refine((rate) => [8_000, 16_000, 24_000, 32_000, 48_000].includes(rate), 'one of 8000, 16000, 24000, 32000, 48000')
    .optional(),
  speed: z.coerce.number().min(0.25).max(4).default(1),
  instructions: z.string().max(4096).optional(),
  cache: z.enum(['none', 'tenant', 'public']).default('none'),
};

export const speakQuerySchema = z.looseObject({
  ...common,
  encoding: z.enum(['linear16', 'mulaw', 'alaw']).default('linear16'),
  container: z.literal('none').optional(),
  /** `true`: a `Sentence` message goes before the sound of each piece of text, for captions in step with the voice. */
  sentences: z.enum(['true', 'false']).default('false'),
});
export type SpeakQuery = z.infer<typeof speakQuerySchema>;

/** The same wire for a text that is known whole: `POST /v1/speak`, body `{"text": "…"}`. Source: deepgram.openapi.yml. */
export const speakFileQuerySchema = z.looseObject({
  ...common,
  encoding: z.enum(['linear16', 'mulaw', 'alaw', 'mp3', 'opus', 'flac', 'aac']).default('mp3'),
  /** `wav` and `none` for linear16, whose default is `wav`; the others have the one they come in. */
  container: z.enum(['none', 'wav', 'ogg']).optional(),
});
export type SpeakFileQuery = z.infer<typeof speakFileQuerySchema>;

export const speakFileBodySchema = z.looseObject({
  text: z.string().min(1, 'text: text to speak').max(4096, 'text: at most 4096 characters'),
});

export const speakClientMessageSchema = z.discriminatedUnion('type', [
  /** More text. Cut where sentences end; at most 2000 characters a message, as Deepgram has it. */
  z.object({ type: z.literal('Speak'), text: z.string().max(2000) }),
  /** Speak all that is there; `Flushed` follows its last sound. */
  z.object({ type: z.literal('Flush') }),
  /** Forget what has not been sent; `Cleared` follows. */
  z.object({ type: z.literal('Clear') }),
  /** Speak all that is there, then close. */
  z.object({ type: z.literal('Close') }),
]);
export type SpeakClientMessage = z.infer<typeof speakClientMessageSchema>;

export const speakServerMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('Metadata'),
    request_id: z.uuid(),
    model_name: z.string(),
    model_version: z.string(),
    model_uuid: z.uuid(),
  }),
  z.object({ type: z.literal('Flushed'), sequence_id: z.number().int().nonnegative() }),
  z.object({ type: z.literal('Cleared'), sequence_id: z.number().int().nonnegative() }),
  /** Something was lost or refused and the stream goes on, e.g. a voice that broke off in the middle of a sentence. */
  z.object({ type: z.literal('Warning'), description: z.string(), code: z.string() }),
  /** Ours, only with `sentences=true`: the sound that follows speaks this text, exactly as it was written. */
  z.object({ type: z.literal('Sentence'), text: z.string(), engine: z.string() }),
]);
export type SpeakServerMessage = z.infer<typeof speakServerMessageSchema>;
