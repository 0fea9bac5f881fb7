import * as z from 'zod';

/**
 * What `POST /v1/audio/transcriptions` of the gateway answers, in OpenAI's shapes
 * (github.com/openai/openai-openapi, CreateTranscriptionResponse*). Times in seconds of the recording.
 */

const usageSchema = z.object({ type: z.literal('duration'), seconds: z.number() });

export const transcriptionJsonSchema = z.object({ text: z.string(), usage: usageSchema });
export type TranscriptionJson = z.infer<typeof transcriptionJsonSchema>;

export const transcriptionSegmentSchema = z.object({
  id: z.number().int(),
  /** Where the window it was decoded in begins, in hundredths of a second, as Whisper counts. */
  seek: z.number().int(),
  start: z.number(),
  end: z.number(),
  text: z.string(),
  /** Always empty: tokens are the engine's own. */
  tokens: z.array(z.number().int()),
  temperature: z.number(),
  avg_logprob: z.number(),
  compression_ratio: z.number(),
  no_speech_prob: z.number(),
});
export type TranscriptionSegment = z.infer<typeof transcriptionSegmentSchema>;

const timedWordSchema = z.object({ word: z.string(), start: z.number(), end: z.number() });

export const transcriptionVerboseSchema = z.object({
  task: z.literal('transcribe'),
  /** English name in lower case ("french"), as OpenAI gives it; `undetermined` when nothing was said. */
  language: z.string(),
  duration: z.number(),
  text: z.string(),
  words: z.array(timedWordSchema).optional(),
  segments: z.array(transcriptionSegmentSchema).optional(),
  usage: usageSchema,
});
export type TranscriptionVerbose = z.infer<typeof transcriptionVerboseSchema>;

/**
 * The events of `stream=true`. Deltas only append: joined they are `done.text`. `transcript.progress` is ours; stock
 * clients hand on types they do not know. OpenAI's `done.usage` counts tokens, which an engine need not have: the length
 * is `done.duration` instead.
 */
export const transcriptionEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('transcript.text.delta'),
    delta: z.string(),
    /** Ours, with `timestamp_granularities[]=word`: the words of the delta, and the stretch it was heard in, seconds. */
    words: z.array(timedWordSchema).optional(),
    start: z.number().optional(),
    end: z.number().optional(),
  }),
  z.object({
    type: z.literal('transcript.text.done'),
    text: z.string(),
    languages: z.array(z.object({ code: z.string() })),
    duration: z.number(),
  }),
  z.object({
    type: z.literal('transcript.progress'),
    seconds_done: z.number(),
    /** Absent when the file does not say how long it is. */
    seconds_total: z.number().optional(),
  }),
]);
export type TranscriptionEvent = z.infer<typeof transcriptionEventSchema>;

export const modelListSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({ id: z.string(), object: z.literal('model'), created: z.number().int(), owned_by: z.string() }),
  ),
});
export type ModelList = z.infer<typeof modelListSchema>;
