import * as z from 'zod/mini';
import type { Evidence } from '@eloquence/shared/contracts/meeting';
import type { AskResponse, MeetingList, SearchResponse } from '@eloquence/shared/contracts/meeting-api';
import type { ReportStatus } from '@eloquence/shared/contracts/report';
import type { Utterance } from '@eloquence/shared/contracts/sessions';

/** What this page reads of meetings, and no more; meeting-schemas.test.ts holds it against the contracts. */
const evidence: z.ZodMiniType<Evidence> = z.object({
  utterance_id: z.string(),
  speaker: z.string(),
  start_ms: z.number(),
  end_ms: z.number(),
  quote: z.string(),
});

const owner = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('speaker'), speaker: z.string() }),
  z.object({ kind: z.literal('name'), name: z.string() }),
]);

const item = z.object({
  item_id: z.string(),
  kind: z.enum(['topic', 'decision', 'action', 'question', 'highlight', 'retraction']),
  text: z.string(),
  evidence: z.array(evidence),
  owner: z.optional(z.nullable(owner)),
  due: z.optional(z.nullable(z.object({ text: z.string(), date: z.nullable(z.string()) }))),
});
/** An item as the page shows it. */
export type ShownItem = z.infer<typeof item>;

const speakers = z.array(z.object({ speaker: z.string(), name: z.string() }));

const chunk = z.object({
  n: z.number(),
  start_ms: z.number(),
  end_ms: z.number(),
  status: z.enum(['summarised', 'hole', 'empty']),
  items: z.array(item),
});
export const summariesSchema = z.object({ speakers, chunks: z.array(chunk) });
export type ShownSummaries = z.infer<typeof summariesSchema>;

const line: z.ZodMiniType<Pick<Utterance, 'utterance_id' | 'speaker' | 'text' | 'start_ms'>> = z.object({
  utterance_id: z.string(),
  speaker: z.string(),
  text: z.string(),
  start_ms: z.number(),
});

const report = z.object({
  kind: z.enum(['draft', 'final']),
  draft_reason: z.nullable(z.enum(['being_written', 'model_slow', 'no_model', 'model_failed', 'fault'])),
  language: z.enum(['fr', 'en']),
  title: z.string(),
  started_at: z.string(),
  time_zone: z.string(),
  duration_ms: z.number(),
  speakers: z.array(z.object({ speaker: z.string(), name: z.string(), talk_ms: z.number(), share: z.number() })),
  coverage: z.object({ percent: z.number() }),
  silent_sources: z.array(z.object({ speaker: z.string(), start_ms: z.number(), end_ms: z.nullable(z.number()) })),
  summary: z.array(z.object({ text: z.string() })),
  decisions: z.array(item),
  actions: z.array(item),
  questions: z.array(item),
  chapters: z.array(z.object({ title: z.string(), start_ms: z.number(), end_ms: z.number() })),
  holes: z.array(z.object({ start_ms: z.number(), end_ms: z.number() })),
  unverified: z.array(z.object({ text: z.string() })),
  transcript: z.nullable(z.array(line)),
});
export type ShownReport = z.infer<typeof report>;

const formats = ['md', 'html', 'pdf', 'docx', 'srt', 'vtt', 'json'] as const satisfies ReportStatus['formats'];

const state = z.enum(['recording', 'writing', 'done', 'partial']);

export const reportStatusSchema = z.object({
  session_id: z.string(),
  state,
  revision: z.number(),
  formats: z.array(z.enum(formats)),
  failed_formats: z.array(z.enum(formats)),
  report: z.nullable(report),
});
export type ShownReportStatus = z.infer<typeof reportStatusSchema>;
export type ShownFormat = ShownReportStatus['formats'][number];

export const speakersSchema = z.object({ speakers });

export const recordingSchema = z.object({ state: z.enum(['paused', 'recording']) });

export const askSchema: z.ZodMiniType<AskResponse> = z.object({
  found: z.boolean(),
  answer: z.string(),
  citations: z.array(evidence),
  written_by_model: z.boolean(),
});

export const digestSchema = z.object({
  since_ms: z.number(),
  until_ms: z.number(),
  lines: z.array(z.object({ text: z.string(), evidence: z.array(evidence) })),
  items: z.array(item),
  written_by_model: z.boolean(),
});
export type ShownDigest = z.infer<typeof digestSchema>;

export const meetingListSchema: z.ZodMiniType<MeetingList> = z.object({
  meetings: z.array(
    z.object({
      session_id: z.string(),
      title: z.nullable(z.string()),
      started_at: z.string(),
      state,
      duration_ms: z.nullable(z.number()),
    }),
  ),
  next_cursor: z.nullable(z.string()),
});

export const searchSchema: z.ZodMiniType<SearchResponse> = z.object({
  hits: z.array(
    z.object({
      session_id: z.string(),
      title: z.string(),
      started_at: z.string(),
      speaker_name: z.string(),
      evidence,
    }),
  ),
});
