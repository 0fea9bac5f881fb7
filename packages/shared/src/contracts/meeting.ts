import * as z from 'zod';
import { languageSchema, lineSchema, sessionIdSchema, utteranceIdSchema } from './ids.ts';

/**
 * Notes of a meeting. Level 1 is the transcript (utterances of the session); level 2 one chunk per interval of the meeting, each
 * item with the words that prove it; level 3 the report, made of chunks only. Times are ms since the session's `started_at`.
 */

/** Who speaks: `<person>` or `<person>.<track>` when one participant sends several sources (`me`, `them`). Stable, not shown. */
export const speakerSchema = z.string().regex(/^[\x21-\x7e]{1,160}$/);
export type Speaker = z.infer<typeof speakerSchema>;

/** Where a server says nothing else. */
const DEFAULT_TIME_ZONE = 'Europe/Paris';

/** IANA name: the calendar by which "tomorrow" is counted, and the clock by which times are shown. */
export const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, 'is no time zone: an IANA name is needed, such as Europe/Paris, America/Montreal or UTC');

function isTimeZone(name: string): boolean {
  try {
    return name !== '' && new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What a client may ask of a meeting when it opens the session (`options.meeting`). */
export const meetingOptionsSchema = z.strictObject({
  /** Length of a chunk, minutes of meeting. */
  summary_interval_min: z.number().int().min(1).max(60).default(10),
  /** The session ends by itself after so long. */
  max_duration_min: z.number().int().min(1).max(720).default(240),
  /** The whole transcript stands in the report, folded. */
  include_full_transcript: z.boolean().default(true),
  /** Of whoever opens it; otherwise the server's `MEETING_TIME_ZONE`. */
  time_zone: timeZoneSchema.default(DEFAULT_TIME_ZONE),
});
export type MeetingOptions = z.infer<typeof meetingOptionsSchema>;

const spanShape = { start_ms: z.number().int().nonnegative(), end_ms: z.number().int().nonnegative() };

/** Sound of one speaker that was transcribed: silence counts, what was never heard does not. */
export const spanSchema = z.object({ speaker: speakerSchema, ...spanShape });
export type Span = z.infer<typeof spanSchema>;

/** Why something that may have been said is not in the transcript. */
export const gapReasonSchema = z.enum([
  /** Transcription was away longer than the audio that is kept for it. */
  'stt_away',
  /** No scribe was in the room. */
  'scribe_away',
  /** The sender was away and kept nothing. */
  'sender_away',
  /** Somebody paused the recording. */
  'paused',
]);
export type GapReason = z.infer<typeof gapReasonSchema>;

/** A gap counts only where no {@link spanSchema} covers it: sound delivered later fills it. No speaker: everybody. */
export const gapSchema = z.object({ speaker: speakerSchema.nullable(), ...spanShape, reason: gapReasonSchema });
export type Gap = z.infer<typeof gapSchema>;

/** A source that gave nothing but zeros while there was reason to expect sound; `end_ms` null: still so. */
export const silentSourceSchema = z.object({
  speaker: speakerSchema,
  start_ms: z.number().int().nonnegative(),
  end_ms: z.number().int().nonnegative().nullable(),
});
export type SilentSource = z.infer<typeof silentSourceSchema>;

/** Words that prove an item: verbatim out of one utterance, found there by code. */
export const evidenceSchema = z.object({
  utterance_id: utteranceIdSchema,
  speaker: speakerSchema,
  ...spanShape,
  quote: z.string().min(1),
});
export type Evidence = z.infer<typeof evidenceSchema>;

const itemShape = {
  /** `c<chunk>-<kind letter><number>`, unique in the meeting. */
  item_id: z.string().regex(/^c\d+-[a-z]\d+$/),
  text: z.string().min(1),
  evidence: z.array(evidenceSchema).min(1),
};

/** Whose task: somebody who spoke in the meeting, or a name that was said. */
export const ownerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('speaker'), speaker: speakerSchema }),
  z.object({ kind: z.literal('name'), name: z.string().min(1) }),
]);
export type Owner = z.infer<typeof ownerSchema>;

/** The words as said, and the date they mean when code could tell. */
export const dueSchema = z.object({ text: z.string().min(1), date: z.iso.date().nullable() });
export type Due = z.infer<typeof dueSchema>;

export const meetingItemSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('topic'), ...itemShape }),
  z.object({ kind: z.literal('decision'), ...itemShape }),
  z.object({ kind: z.literal('action'), ...itemShape, owner: ownerSchema.nullable(), due: dueSchema.nullable() }),
  z.object({ kind: z.literal('question'), ...itemShape }),
  z.object({ kind: z.literal('highlight'), ...itemShape }),
  /** Takes back an earlier item, or settles an open question (`settles`). */
  z.object({
    kind: z.literal('retraction'),
    ...itemShape,
    takes_back: z.string().nullable(),
    settles: z.boolean().default(false),
  }),
]);
export type MeetingItem = z.infer<typeof meetingItemSchema>;
export type ItemKind = MeetingItem['kind'];
export type ActionItem = Extract<MeetingItem, { kind: 'action' }>;

/** Why code refused something a model wrote. */
export const refusalSchema = z.enum([
  'no_quote',
  'quote_not_found',
  'text_not_in_quote',
  'owner_not_named',
  'due_not_said',
  'instruction_in_transcript',
]);
export type Refusal = z.infer<typeof refusalSchema>;

/** What a model claimed and code could not verify; never in the body of a report. */
export const unverifiedSchema = z.object({
  kind: z.enum(['topic', 'decision', 'action', 'question', 'highlight', 'retraction', 'summary', 'chapter']),
  text: z.string(),
  refusal: refusalSchema,
  /** Where it was said to be. */
  start_ms: z.number().int().nonnegative().nullable(),
});
export type Unverified = z.infer<typeof unverifiedSchema>;

/** Who wrote items: a model through the LLM proxy, rules of ours where none answers, nobody where an error of ours stopped both. */
export const writerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('model'), model: z.string(), prompt_hash: z.string() }),
  z.object({ kind: z.literal('rules'), rules_version: z.string() }),
  z.object({ kind: z.literal('nobody') }),
]);
export type Writer = z.infer<typeof writerSchema>;

/**
 * Level 2. `hole`: no model could be made to answer; items are what rules found, and the report says so. `empty`: nothing was
 * said, nobody was asked.
 */
export const chunkSchema = z.object({
  session_id: sessionIdSchema,
  /** 0 = the first interval of the meeting; intervals in which nothing was said may be missing. */
  n: z.number().int().nonnegative(),
  /** Counts rewritings: sound that was delivered late changes what there is to summarise. */
  revision: z.number().int().positive(),
  ...spanShape,
  status: z.enum(['summarised', 'hole', 'empty']),
  /** Of everything the chunk is made of; another hash means that the chunk is out of date. */
  input_hash: z.string(),
  writer: writerSchema,
  items: z.array(meetingItemSchema),
  unverified: z.array(unverifiedSchema),
  /** Names and terms worth knowing in the next chunk. */
  glossary: z.array(z.string()).max(60),
});
export type Chunk = z.infer<typeof chunkSchema>;

/** `GET /api/sessions/{id}/summaries`: the chunks there are, in order. */
export const summariesSchema = z.object({
  session_id: sessionIdSchema,
  language: languageSchema,
  /** Names as they are shown now. */
  speakers: z.array(z.object({ speaker: speakerSchema, name: z.string() })),
  chunks: z.array(chunkSchema),
});
export type Summaries = z.infer<typeof summariesSchema>;

/** `PUT /api/sessions/{id}/speakers/{speaker}`: how a speaker is called from now on, in everything. */
export const renameSpeakerSchema = z.strictObject({ name: lineSchema.trim().min(1).max(120) });
