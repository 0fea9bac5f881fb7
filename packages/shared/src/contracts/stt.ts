import * as z from 'zod';

/** The one rate inside: 16 kHz s16le mono. A socket may send another rate; the gateway resamples. */
export const STT_SAMPLE_RATE_HZ = 16_000;

const strings = z.union([z.string(), z.array(z.string())]);

/**
 * Query of the Deepgram-shaped socket `ws://…/v1/listen` (developers.deepgram.com/reference/listen-live). Members we do not
 * act on are accepted, so that stock clients connect.
 */
export const listenQuerySchema = z.looseObject({
  model: z.string().optional(),
  language: z.string().max(20).optional(),
  encoding: z
    .enum(['linear16', 'mulaw', 'alaw'], 'must be linear16 (16-bit little-endian PCM), mulaw or alaw')
    .default('linear16'),
  /** Hz; 16,000 when left out, 8,000 for mulaw and alaw. */
  sample_rate: z.coerce.number().int().min(8000).max(48_000).optional(),
  channels: z.coerce
    .number()
    .int()
    .refine((count) => count === 1, 'must be 1: mix the channels down, or open one socket for each speaker')
    .default(1),
  multichannel: z
    .stringbool()
    .refine((several) => !several, 'must be false: open one socket for each channel')
    .default(false),
  interim_results: z.stringbool().default(false),
  vad_events: z.stringbool().default(false),
  /** ms of silence that end an utterance; `false` leaves it to Finalize, `true` to us. */
  endpointing: z.union([z.literal(['true', 'false']), z.coerce.number().int().min(0).max(5000)]).optional(),
  utterance_end_ms: z.coerce.number().int().min(100).max(10_000).optional(),
  keyterm: strings.optional(),
  /** The older form of `keyterm`: `word` or `word:boost`; a word with a negative boost is left out. */
  keywords: strings.optional(),
  /**
   * Ours: `micro_batch` is for minutes of meetings. Finals are windows of 20 to 30 s cut at silences, interims are drafts of
   * the speech so far that come at most 10 s behind it.
   */
  mode: z.enum(['streaming', 'micro_batch']).default('streaming'),
});
export type ListenQuery = z.infer<typeof listenQuerySchema>;

export const listenControlSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('KeepAlive') }),
  z.looseObject({ type: z.literal('Finalize') }),
  z.looseObject({ type: z.literal('CloseStream') }),
  /** Replaces the key terms from the next utterance on; features of formatting are accepted and not acted on. */
  z.looseObject({ type: z.literal('Configure'), keyterms: z.array(z.string()).nullish() }),
]);
export type ListenControl = z.infer<typeof listenControlSchema>;

/** Times in seconds of the stream's own audio clock, as Deepgram gives them. */
export const listenWordSchema = z.object({
  word: z.string(),
  punctuated_word: z.string(),
  start: z.number(),
  end: z.number(),
  confidence: z.number(),
});

export const listenResultsSchema = z.object({
  type: z.literal('Results'),
  channel_index: z.tuple([z.number(), z.number()]),
  start: z.number(),
  duration: z.number(),
  is_final: z.boolean(),
  speech_final: z.boolean(),
  from_finalize: z.boolean().optional(),
  channel: z.object({
    alternatives: z.array(
      z.object({
        transcript: z.string(),
        confidence: z.number(),
        words: z.array(listenWordSchema),
        languages: z.array(z.string()).optional(),
      }),
    ),
  }),
  metadata: z.looseObject({ request_id: z.string() }),
});
export type ListenResults = z.infer<typeof listenResultsSchema>;

export const listenMessageSchema = z.discriminatedUnion('type', [
  listenResultsSchema,
  z.object({ type: z.literal('SpeechStarted'), channel: z.array(z.number()), timestamp: z.number() }),
  z.object({ type: z.literal('UtteranceEnd'), channel: z.array(z.number()), last_word_end: z.number() }),
  z.looseObject({ type: z.literal('Metadata'), request_id: z.string(), duration: z.number(), channels: z.number() }),
  z.looseObject({ type: z.literal('ConfigureSuccess'), request_id: z.string() }),
  z.looseObject({
    type: z.literal('ConfigureFailure'),
    request_id: z.string(),
    code: z.string(),
    description: z.string(),
  }),
  z.looseObject({
    type: z.literal('Error'),
    /** Deepgram's word for the kind of error. */
    variant: z.string().optional(),
    code: z.string(),
    description: z.string(),
    retryable: z.boolean(),
  }),
]);
export type ListenMessage = z.infer<typeof listenMessageSchema>;

/** OpenAI `verbose_json`: what whisper-stt answers and `POST /v1/audio/transcriptions` may return. Times in seconds. */
export const verboseTranscriptionSchema = z.looseObject({
  task: z.string().optional(),
  language: z.string(),
  duration: z.number(),
  text: z.string(),
  words: z
    .array(z.looseObject({ word: z.string(), start: z.number(), end: z.number(), probability: z.number().nullish() }))
    .nullish(),
  segments: z
    .array(
      z.looseObject({
        start: z.number(),
        end: z.number(),
        text: z.string(),
        avg_logprob: z.number().nullish(),
        compression_ratio: z.number().nullish(),
        no_speech_prob: z.number().nullish(),
      }),
    )
    .nullish(),
});
export type VerboseTranscription = z.infer<typeof verboseTranscriptionSchema>;
