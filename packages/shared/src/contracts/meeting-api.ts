import * as z from 'zod';
import { lineSchema, sessionIdSchema, userIdSchema, utteranceIdSchema } from './ids.ts';
import {
  evidenceSchema,
  gapSchema,
  meetingItemSchema,
  silentSourceSchema,
  spanSchema,
  speakerSchema,
} from './meeting.ts';
import { meetingStateSchema } from './report.ts';

/** Requests and answers of the meeting routes of api-backend. Times are ms since the session's `started_at`. */

/** `POST /api/sessions/{id}/token`, body optional: who joins. People without `user_id` are told apart by their name. */
export const joinRequestSchema = z.strictObject({
  name: lineSchema.trim().min(1).max(120).optional(),
  user_id: userIdSchema.optional(),
});
export type JoinRequest = z.infer<typeof joinRequestSchema>;

/**
 * `POST /api/sessions/{id}/recording`: pauses the recording, or goes on with it. Saying it twice changes nothing. `recording` starts
 * the clock of a meeting that has not started, `ago_ms` ago where a sender has kept its sound since (never before the opening).
 */
export const recordingRequestSchema = z.strictObject({
  state: z.enum(['paused', 'recording']),
  ago_ms: z.number().int().nonnegative().optional(),
});
export const recordingResponseSchema = z.object({ state: z.enum(['paused', 'recording']), at_ms: z.number().int() });

/** `GET /api/sessions/{id}/coverage`: what has been heard and what has not, for a sender who kept its sound. */
export const coverageSchema = z.object({
  session_id: sessionIdSchema,
  /** Merged, in order, per speaker. */
  spans: z.array(spanSchema),
  /** What no span covers (yet). */
  gaps: z.array(gapSchema),
  /** Now, on the session's clock; null before it started. */
  now_ms: z.number().int().nullable(),
});
export type Coverage = z.infer<typeof coverageSchema>;

/**
 * `POST /api/sessions/{id}/audio?speaker=&start_ms=`: sound that could not go through the room, or an existing recording; body:
 * any format of POST /v1/audio/transcriptions. Words inside spans already heard of this speaker are left out, so sending it
 * twice says nothing twice. Answers when its utterances are in the event log.
 */
export const audioQuerySchema = z.strictObject({
  /** `<person>` or `<person>.<track>`; `speaker` of the token's answer for one's own sound. */
  speaker: speakerSchema.regex(
    /^[A-Za-z0-9][\w-]{0,99}(\.[\w-]{1,40})?$/,
    'letters, digits, - and _: <person>, or <person>.<track> such as marie.them',
  ),
  start_ms: z
    .string()
    .regex(/^\d{1,10}$/, 'whole milliseconds in digits')
    .pipe(z.coerce.number<string>().max(2_000_000_000)),
  /** What to call a speaker nobody has seen yet. */
  name: lineSchema.trim().min(1).max(120).optional(),
});
export const audioResponseSchema = z.object({
  /** What this speaker says in the span: also what an earlier request or the room brought. */
  utterances: z.array(utteranceIdSchema),
  span: spanSchema,
});
export type AudioResponse = z.infer<typeof audioResponseSchema>;

/**
 * The same with `Accept: text/event-stream`, for long recordings: `data:` lines of this shape, the last is `audio.done`. What fails
 * after the first of them comes as `event: error` with a problem body.
 */
export const audioEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('audio.progress'),
    seconds_done: z.number(),
    /** Absent when the file does not say how long it is. */
    seconds_total: z.number().optional(),
    /** Utterances that are in the event log by now. */
    utterances: z.number().int(),
  }),
  z.object({ type: z.literal('audio.done'), ...audioResponseSchema.shape }),
]);
export type AudioEvent = z.infer<typeof audioEventSchema>;

/**
 * `POST /api/sessions/{id}/sources`: what a sender knows of its own sources. What was said already is not said again. A gap that is
 * `paused`: when a pause really was, from a sender that could not tell it in time because the server was away; like every pause it
 * is no time in which anything should have been heard.
 */
export const sourceReportSchema = z.strictObject({
  silent: z.array(silentSourceSchema).max(100).default([]),
  gaps: z.array(gapSchema).max(100).default([]),
});
export type SourceReport = z.infer<typeof sourceReportSchema>;
/** How many of them were news. */
export const sourceResponseSchema = z.object({ recorded: z.number().int() });

/** `POST /api/sessions/{id}/ask`. */
export const askRequestSchema = z.strictObject({ question: lineSchema.trim().min(2).max(500) });
/** `found: false`: the meeting does not contain it, and `answer` says so. Every sentence rests on the citations. */
export const askResponseSchema = z.object({
  found: z.boolean(),
  answer: z.string(),
  citations: z.array(evidenceSchema),
  /** False: no model answered; the citations are what the search found. */
  written_by_model: z.boolean(),
});
export type AskResponse = z.infer<typeof askResponseSchema>;

/** `POST /api/sessions/{id}/digest`: what was missed, up to now. `since_ms` default: the beginning. */
export const digestRequestSchema = z.strictObject({ since_ms: z.number().int().nonnegative().default(0) });
export const digestResponseSchema = z.object({
  since_ms: z.number().int(),
  until_ms: z.number().int(),
  lines: z.array(z.object({ text: z.string(), evidence: z.array(evidenceSchema) })),
  /** Open items so far, from the chunks. */
  items: z.array(meetingItemSchema),
  written_by_model: z.boolean(),
});
export type DigestResponse = z.infer<typeof digestResponseSchema>;

/** `GET /api/search?q=&user_id=&limit=`: words over all meetings of the caller. */
export const searchQuerySchema = z.strictObject({
  q: lineSchema.trim().min(2).max(200),
  user_id: userIdSchema.optional(),
  limit: z.coerce.number().int().min(1).max(50).default(20),
});
export const searchResponseSchema = z.object({
  hits: z.array(
    z.object({
      session_id: sessionIdSchema,
      title: z.string(),
      started_at: z.iso.datetime(),
      /** What the speaker is called now. */
      speaker_name: z.string(),
      evidence: evidenceSchema,
    }),
  ),
});
export type SearchResponse = z.infer<typeof searchResponseSchema>;

/** `GET /api/meetings?cursor=&limit=`: the caller's meetings, newest first, page by page. */
export const meetingListQuerySchema = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(30),
});
export const meetingListSchema = z.object({
  meetings: z.array(
    z.object({
      session_id: sessionIdSchema,
      /** null: nobody gave it one. */
      title: z.string().nullable(),
      /** When the first person joined; before that, when it was opened. */
      started_at: z.iso.datetime(),
      state: meetingStateSchema,
      /** As its minutes say it, without pauses; null while there are none. */
      duration_ms: z.number().int().nonnegative().nullable(),
    }),
  ),
  next_cursor: z.string().nullable(),
});
export type MeetingList = z.infer<typeof meetingListSchema>;
