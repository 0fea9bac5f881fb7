import * as z from 'zod';
import { languageSchema, sessionIdSchema } from './ids.ts';
import {
  gapSchema,
  meetingItemSchema,
  evidenceSchema,
  silentSourceSchema,
  speakerSchema,
  timeZoneSchema,
  unverifiedSchema,
  writerSchema,
} from './meeting.ts';
import { utteranceSchema } from './sessions.ts';

const msSchema = z.number().int().nonnegative();

/** An item of the report: of equal ones in several chunks, one remains, with all their evidence. */
export const reportItemSchema = z.intersection(
  meetingItemSchema,
  z.object({
    /** Ids of the items it was made of, its own first. */
    merged_from: z.array(z.string()).min(1),
    /** First time it was said. */
    start_ms: msSchema,
  }),
);
export type ReportItem = z.infer<typeof reportItemSchema>;

/**
 * Level 3, the source of every format. Texts hold speakers' names as they were when written; ids and the table `speakers` say
 * who is who, so that a renaming changes the table and the rendering and nothing else. Nothing in it depends on when or how
 * often it was made: the same meeting gives the same bytes.
 *
 * draft: made by code from the chunks, before or without a model · final: with summary and chapter titles by a model.
 */
export const reportSchema = z.object({
  session_id: sessionIdSchema,
  kind: z.enum(['draft', 'final']),
  /**
   * A draft: why no model wrote the summary. `being_written`: it is just being asked · `model_slow`: it has not answered yet, and is
   * still being asked · `no_model`: there is none · `model_failed`: it was asked in vain, and is asked again now and then · `fault`:
   * an error of ours kept the rest from being made.
   */
  draft_reason: z.enum(['being_written', 'model_slow', 'no_model', 'model_failed', 'fault']).nullable(),
  language: languageSchema,
  title: z.string(),
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime(),
  /** IANA name: days and clock times of the report are its. */
  time_zone: timeZoneSchema.default('Europe/Paris'),
  duration_ms: msSchema,
  speakers: z.array(
    z.object({
      speaker: speakerSchema,
      name: z.string(),
      talk_ms: msSchema,
      /** 0 to 1, of all talk. */
      share: z.number().min(0).max(1),
    }),
  ),
  coverage: z.object({
    /** Of the sound that should have been heard, 0 to 100, one decimal; 100 where nothing was missed. */
    percent: z.number().min(0).max(100),
    heard_ms: msSchema,
    gaps: z.array(gapSchema),
  }),
  silent_sources: z.array(silentSourceSchema),
  /** At most five lines; each names the items it says, and nothing else. */
  summary: z.array(z.object({ text: z.string(), items: z.array(z.string()).min(1) })).max(5),
  decisions: z.array(reportItemSchema),
  actions: z.array(reportItemSchema),
  questions: z.array(reportItemSchema),
  /** Decisions and actions that were taken back, and by which words. */
  retracted: z.array(z.object({ item: reportItemSchema, by: evidenceSchema })),
  chapters: z.array(z.object({ title: z.string(), start_ms: msSchema, end_ms: msSchema, items: z.array(z.string()) })),
  quotes: z.array(evidenceSchema),
  unverified: z.array(unverifiedSchema),
  /** Intervals no model summarised; `by_rules`: false where an error of ours kept even rules from noting anything. */
  holes: z.array(z.object({ start_ms: msSchema, end_ms: msSchema, by_rules: z.boolean().default(true) })),
  provenance: z.object({
    chunks: z.array(z.object({ n: z.number().int(), input_hash: z.string(), writer: writerSchema })),
    synthesis: writerSchema,
  }),
  consent: z.object({ recording: z.boolean(), by: z.string().nullable(), told: z.string().nullable() }).nullable(),
  /** Null where the meeting's options leave it out. */
  transcript: z.array(utteranceSchema).nullable(),
});
export type Report = z.infer<typeof reportSchema>;

/** Formats a report is rendered in, with file name ending and media type. */
export const reportFormats = {
  md: 'text/markdown; charset=utf-8',
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
  json: 'application/json; charset=utf-8',
} as const;
export type ReportFormat = keyof typeof reportFormats;
export const reportFormatSchema = z.enum(Object.keys(reportFormats) as [ReportFormat, ...ReportFormat[]]);

/** `recording`: still going on · `writing`: a draft may be read, the final is being written · `done` · `partial`: no model has answered (yet), the draft stands until one does. */
export const meetingStateSchema = z.enum(['recording', 'writing', 'done', 'partial']);
export type MeetingState = z.infer<typeof meetingStateSchema>;

/** `GET /api/sessions/{id}/report`: how it stands, and the report itself when there is one. */
export const reportStatusSchema = z.object({
  session_id: sessionIdSchema,
  state: meetingStateSchema,
  /** Counts what was published: drafts, finals, renamings. 0: nothing yet. */
  revision: z.number().int().nonnegative(),
  formats: z.array(reportFormatSchema),
  /** Could not be made of this revision: `POST …/report.<format>` has it tried again. */
  failed_formats: z.array(reportFormatSchema).default([]),
  report: reportSchema.nullable(),
});
export type ReportStatus = z.infer<typeof reportStatusSchema>;
