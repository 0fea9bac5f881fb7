import * as z from 'zod';

/** `pcm` on the wire: headerless s16le mono at 24 kHz, as OpenAI defines it. */
export const TTS_SAMPLE_RATE_HZ = 24_000;

export const speechFormatSchema = z.enum(['pcm', 'wav', 'mp3', 'opus', 'flac', 'aac']);
export type SpeechFormat = z.infer<typeof speechFormatSchema>;

/**
 * Who may hear a kept copy of what is spoken. `none`: nothing is kept, as for anything that may name a person. `tenant`: the
 * holder of the same key. `public`: everybody; for words of the product, never of a person.
 */
export const cacheScopeSchema = z.enum(['none', 'tenant', 'public']);
export type CacheScope = z.infer<typeof cacheScopeSchema>;

/** OpenAI `POST /v1/audio/speech`. `language` and `cache` are ours. */
export const speechRequestSchema = z.looseObject({
  model: z.string().max(200).default('tts-1'),
  input: z.string().min(1, 'input: text to speak').max(4096, 'input: at most 4096 characters'),
  /** OpenAI's thirteen names, or a logical voice such as `coach-fr`; `GET /v1/audio/voices` lists them. */
  voice: z.union([z.string().min(1).max(100), z.object({ id: z.string().min(1).max(100) })]).default('coach-fr'),
  response_format: speechFormatSchema.default('mp3'),
  stream_format: z.enum(['audio', 'sse']).default('audio'),
  speed: z.number().min(0.25).max(4).default(1),
  instructions: z.string().max(4096).optional(),
  language: z.enum(['fr', 'en']).optional(),
  cache: cacheScopeSchema.default('none'),
});
export type SpeechRequest = z.infer<typeof speechRequestSchema>;

/** The events of `stream_format: "sse"`. Tokens are not counted by speech engines that have none; they are 0 then. */
export const speechEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('speech.audio.delta'), audio: z.base64() }),
  z.object({
    type: z.literal('speech.audio.done'),
    usage: z.object({
      input_tokens: z.number().int().nonnegative(),
      output_tokens: z.number().int().nonnegative(),
      total_tokens: z.number().int().nonnegative(),
    }),
  }),
]);
export type SpeechEvent = z.infer<typeof speechEventSchema>;

/** `GET /v1/audio/voices`. */
export const voiceListSchema = z.object({
  voices: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      languages: z.array(z.string()),
      gender: z.enum(['female', 'male']),
      /** What each provider speaks it with; only providers that are set up here. */
      providers: z.record(z.string(), z.string()),
    }),
  ),
});
export type VoiceList = z.infer<typeof voiceListSchema>;
