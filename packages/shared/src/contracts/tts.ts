import * as z from 'zod';

/** `pcm` on the wire: headerless s16le mono at 24 kHz, as OpenAI defines it. */
export const TTS_SAMPLE_RATE_HZ = 24_000;

export const speechFormatSchema = z.enum(['pcm', 'wav', 'mp3', 'opus', 'flac', 'aac']);
export type SpeechFormat = z.infer<typeof speechFormatSchema>;

/** OpenAI `POST /v1/audio/speech`. `language` is ours: which voice of a logical voice to use. */
export const speechRequestSchema = z.looseObject({
  model: z.string().max(200).default('tts-1'),
  input: z.string().min(1, 'input: text to speak').max(4096, 'input: at most 4096 characters'),
  /** OpenAI's thirteen names, or a logical voice: `coach-fr`, `coach-en`. */
  voice: z.union([z.string().min(1).max(100), z.object({ id: z.string() })]).default('coach-fr'),
  response_format: speechFormatSchema.default('mp3'),
  speed: z.number().min(0.25).max(4).default(1),
  instructions: z.string().max(4096).optional(),
  language: z.enum(['fr', 'en']).optional(),
});
export type SpeechRequest = z.infer<typeof speechRequestSchema>;
