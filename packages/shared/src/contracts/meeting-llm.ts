import * as z from 'zod';

/**
 * What models are asked for a meeting, and what they must answer: the `response_format` of the requests of meeting-worker to
 * `/v1/chat/completions`, models `summarise` (a chunk) and `synthesise` (the report).
 *
 * A chunk's last message holds what was said between `<transcript>` and `</transcript>`, one line per utterance:
 * `[position] hh:mm:ss Name: words`, positions counting from 1; before it what is carried over, between `<open_items>` and
 * `</open_items>`, one line each: `[item id] kind: text`. Evidence names positions; code finds the utterance and checks the words.
 */
const claimSchema = z.object({
  segment: z.number().int(),
  /** Verbatim out of that segment. */
  quote: z.string(),
});

const evidence = { evidence: z.array(claimSchema) };

export const chunkAnswerSchema = z.object({
  topics: z.array(z.object({ text: z.string(), ...evidence })),
  decisions: z.array(z.object({ text: z.string(), ...evidence })),
  actions: z.array(
    z.object({ text: z.string(), owner: z.string().nullable(), due: z.string().nullable(), ...evidence }),
  ),
  questions: z.array(z.object({ text: z.string(), ...evidence })),
  highlights: z.array(z.object({ text: z.string(), ...evidence })),
  retractions: z.array(
    z.object({ text: z.string(), takes_back: z.string().nullable(), settles: z.boolean(), ...evidence }),
  ),
  glossary: z.array(z.string()),
});
export type ChunkAnswer = z.infer<typeof chunkAnswerSchema>;

/**
 * The report's last message holds the items between `<items>` and `</items>`, one line each:
 * `[item id] hh:mm:ss kind: text`. Every line of the answer names the items it is made of.
 */
export const synthesisAnswerSchema = z.object({
  summary: z.array(z.object({ text: z.string(), items: z.array(z.string()) })),
  chapters: z.array(z.object({ title: z.string(), items: z.array(z.string()) })),
});
export type SynthesisAnswer = z.infer<typeof synthesisAnswerSchema>;
