import * as z from 'zod';

/**
 * OpenAI's Realtime wire for transcription sessions (`ws://…/v1/realtime`), in the shapes of its general availability.
 * Members we do not act on are accepted, so that stock clients connect.
 */

/** Rate of `audio/pcm` when the client does not say. */
export const REALTIME_SAMPLE_RATE_HZ = 24_000;

const formatSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('audio/pcm'), rate: z.number().int().default(REALTIME_SAMPLE_RATE_HZ) }),
  z.looseObject({ type: z.literal('audio/pcmu') }),
  z.looseObject({ type: z.literal('audio/pcma') }),
]);
export type RealtimeFormat = z.infer<typeof formatSchema>;

const transcriptionSchema = z.looseObject({
  model: z.string().max(200).nullish(),
  /** As "fr" or "fr-FR"; empty or null leaves it to the engine. */
  language: z.string().max(20).nullish(),
  /** Several = left to the engine to find out which. */
  languages: z.array(z.string().max(20)).max(100).nullish(),
  prompt: z.string().nullish(),
  keywords: z.array(z.string()).nullish(),
});

const turnDetectionSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('server_vad'),
    threshold: z.number().nullish(),
    prefix_padding_ms: z.number().nullish(),
    silence_duration_ms: z.number().nullish(),
  }),
  z.looseObject({ type: z.literal('semantic_vad'), eagerness: z.enum(['low', 'medium', 'high', 'auto']).nullish() }),
]);
export type RealtimeTurnDetection = z.infer<typeof turnDetectionSchema>;

/** A member left out stays as it is; null clears it. */
export const realtimeInputSchema = z.looseObject({
  format: formatSchema.optional(),
  transcription: transcriptionSchema.nullish(),
  turn_detection: turnDetectionSchema.nullish(),
  noise_reduction: z.looseObject({ type: z.string().max(50).nullish() }).nullish(),
});
export type RealtimeInput = z.infer<typeof realtimeInputSchema>;

const eventId = z.string().max(512).optional();

/** `session.type` may be left out; `realtime` asks for a conversation, which this server does not hold. */
const sessionUpdateSchema = z.looseObject({
  type: z.literal('session.update'),
  event_id: eventId,
  session: z.looseObject({
    type: z.literal('transcription').optional(),
    audio: z.looseObject({ input: realtimeInputSchema.optional() }).optional(),
  }),
});

/** The shape of the beta, which older clients still send. */
const betaUpdateSchema = z.looseObject({
  type: z.literal('transcription_session.update'),
  event_id: eventId,
  session: z.looseObject({
    input_audio_format: z.enum(['pcm16', 'g711_ulaw', 'g711_alaw']).optional(),
    input_audio_transcription: transcriptionSchema.nullish(),
    turn_detection: turnDetectionSchema.nullish(),
    input_audio_noise_reduction: z.looseObject({ type: z.string().max(50).nullish() }).nullish(),
  }),
});

export const realtimeClientEventSchema = z.discriminatedUnion('type', [
  sessionUpdateSchema,
  betaUpdateSchema,
  z.looseObject({ type: z.literal('input_audio_buffer.append'), event_id: eventId, audio: z.string() }),
  z.looseObject({ type: z.literal('input_audio_buffer.commit'), event_id: eventId }),
  z.looseObject({ type: z.literal('input_audio_buffer.clear'), event_id: eventId }),
]);
export type RealtimeClientEvent = z.infer<typeof realtimeClientEventSchema>;

const audioInputSchema = z.object({
  format: formatSchema,
  transcription: z.object({
    model: z.string(),
    language: z.string().optional(),
    languages: z.array(z.string()).optional(),
    prompt: z.string().optional(),
    keywords: z.array(z.string()).optional(),
  }),
  noise_reduction: z.looseObject({ type: z.string().nullish() }).optional(),
  turn_detection: turnDetectionSchema.nullable(),
});

export const realtimeSessionSchema = z.object({
  type: z.literal('transcription'),
  object: z.literal('realtime.transcription_session'),
  id: z.string(),
  audio: z.object({ input: audioInputSchema }),
});
export type RealtimeSession = z.infer<typeof realtimeSessionSchema>;

const itemSchema = z.object({
  id: z.string(),
  object: z.literal('realtime.item'),
  type: z.literal('message'),
  status: z.literal('completed'),
  role: z.literal('user'),
  content: z.array(z.object({ type: z.literal('input_audio') })),
});

const base = { event_id: z.string() };
const ofItem = { ...base, item_id: z.string() };
const placed = { ...base, previous_item_id: z.string().nullable(), item: itemSchema };

/** Everything the server may send. Times in ms of the audio received. */
export const realtimeServerEventSchema = z.discriminatedUnion('type', [
  z.object({ ...base, type: z.literal('session.created'), session: realtimeSessionSchema }),
  z.object({ ...base, type: z.literal('session.updated'), session: realtimeSessionSchema }),
  z.object({ ...base, type: z.literal('transcription_session.updated'), session: z.looseObject({ id: z.string() }) }),
  z.object({ ...ofItem, type: z.literal('input_audio_buffer.speech_started'), audio_start_ms: z.number().int() }),
  z.object({ ...ofItem, type: z.literal('input_audio_buffer.speech_stopped'), audio_end_ms: z.number().int() }),
  z.object({
    ...ofItem,
    type: z.literal('input_audio_buffer.committed'),
    previous_item_id: z.string().nullable(),
  }),
  z.object({ ...base, type: z.literal('input_audio_buffer.cleared') }),
  z.object({ ...placed, type: z.literal('conversation.item.added') }),
  z.object({ ...placed, type: z.literal('conversation.item.done') }),
  /** Of the beta: only for clients that updated the session in its shape. */
  z.object({ ...placed, type: z.literal('conversation.item.created') }),
  z.object({
    ...ofItem,
    type: z.literal('conversation.item.input_audio_transcription.delta'),
    content_index: z.literal(0),
    delta: z.string(),
  }),
  z.object({
    ...ofItem,
    type: z.literal('conversation.item.input_audio_transcription.completed'),
    content_index: z.literal(0),
    transcript: z.string(),
    /** The languages it was decoded in; none when unknown. */
    languages: z.array(z.object({ code: z.string() })).optional(),
    usage: z.object({ type: z.literal('duration'), seconds: z.number() }),
  }),
  z.object({
    ...ofItem,
    type: z.literal('conversation.item.input_audio_transcription.failed'),
    content_index: z.literal(0),
    error: z.object({ type: z.string(), code: z.string(), message: z.string() }),
  }),
  z.object({
    ...base,
    type: z.literal('error'),
    error: z.object({
      type: z.string(),
      code: z.string(),
      message: z.string(),
      param: z.string().nullable(),
      event_id: z.string().nullable(),
    }),
  }),
]);
export type RealtimeServerEvent = z.infer<typeof realtimeServerEventSchema>;
