import * as z from 'zod';
import { sessionIdSchema } from './ids.ts';
import { askResponseSchema, digestResponseSchema, searchResponseSchema } from './meeting-api.ts';
import { summariesSchema } from './meeting.ts';
import { reportFormatSchema, reportStatusSchema } from './report.ts';
import { sessionListSchema, sessionSchema } from './sessions.ts';

/**
 * What `eloquence … --json` prints: one document a command, on stdout, names in snake_case with their units. A command that fails
 * prints {@link cliDocumentSchemas.error}; its exit code says what kind of failure it is.
 */

const source = z.enum(['them', 'me']);
const seconds = z.number().nonnegative();

/** How a recording went. */
export const recordingDocumentSchema = z.strictObject({
  /**
   * `stopped`: by the person; `max_duration`: by the clock; `ended_elsewhere`: somebody else ended the meeting; `abandoned`: asked to
   * stop twice, the rest is on disk; `delivered`: nothing was recorded, only delivered.
   */
  reason: z.enum(['stopped', 'max_duration', 'ended_elsewhere', 'abandoned', 'delivered']),
  sources: z.array(
    z.strictObject({
      source,
      speaker: z.string(),
      /** Sound that the device gave. */
      real_s: seconds,
      /** Silence put in where the device gave nothing. */
      filled_s: seconds,
      /** How often the device had to be opened again. */
      reopened: z.number().int().nonnegative(),
    }),
  ),
  paused_s: seconds,
  /** On the meeting's clock; `end_ms` null: still silent when the recording stopped. */
  silent_alarms: z.array(z.strictObject({ source, start_ms: z.number(), end_ms: z.number().nullable() })),
  /** Sound on disk that the server has not heard. */
  undelivered_bytes: z.number().int().nonnegative(),
  undelivered_s: seconds,
  /** Sound that neither the disk took nor the room: of all sources together. */
  lost_s: seconds,
});
export type RecordingDocument = z.infer<typeof recordingDocumentSchema>;

const meetingDocumentSchema = z.strictObject({
  session_id: sessionIdSchema,
  name: z.string().nullable(),
  /** null: the server does not answer. */
  state: reportStatusSchema.shape.state.nullable(),
  begun_at: z.iso.datetime().nullable(),
  recording_here: z.boolean(),
  /** Its recorder has died: `resume` delivers what it kept, and goes on. */
  interrupted: z.boolean(),
  words: z.number().int().nullable(),
  folder: z.string().nullable(),
  session: sessionSchema.nullable(),
  report: z
    .strictObject({
      state: reportStatusSchema.shape.state,
      revision: z.number().int(),
      kind: z.enum(['draft', 'final']).nullable(),
      formats: reportStatusSchema.shape.formats,
      coverage_percent: z.number().nullable(),
      duration_ms: z.number().nullable(),
    })
    .nullable(),
});

const error = z.strictObject({ code: z.string(), message: z.string() });

export const cliDocumentSchemas = {
  /** `meeting start`, `meeting resume` */
  outcome: z.strictObject({
    session_id: sessionIdSchema,
    name: z.string(),
    folder: z.string(),
    files: z.array(z.string()),
    report: z.enum(['done', 'partial', 'waiting']),
    /** null: a recording that was read from a file. */
    recording: recordingDocumentSchema.nullable(),
    exit_code: z.number().int(),
  }),
  status: z.strictObject({
    running: z.array(
      z.strictObject({ session_id: sessionIdSchema, name: z.string(), pid: z.number().int(), folder: z.string() }),
    ),
    /** null: there is none on this machine, and none was named. */
    meeting: meetingDocumentSchema.nullable(),
    error: error.optional(),
  }),
  stop: z.strictObject({
    session_id: sessionIdSchema,
    /** False: it was over already. */
    stopped: z.boolean(),
    by: z.enum(['recorder', 'server']),
    folder: z.string().optional(),
  }),
  list: z.strictObject({ meetings: sessionListSchema.shape.sessions }),
  report: z.strictObject({
    session_id: sessionIdSchema,
    format: reportFormatSchema,
    revision: z.number().int(),
    state: reportStatusSchema.shape.state,
    /** Where it was written; null: it is `content`. */
    path: z.string().nullable(),
    content: z.string().optional(),
  }),
  rename: summariesSchema.pick({ session_id: true, speakers: true }),
  ask: askResponseSchema,
  digest: digestResponseSchema,
  search: searchResponseSchema,
  /** `config init`, `config path` */
  file: z.strictObject({ file: z.string() }),
  settings: z.strictObject({
    file: z.string(),
    exists: z.boolean(),
    /** As in the configuration file. */
    settings: z.record(z.string(), z.unknown()),
    server_writer: z.string(),
  }),
  error: z.strictObject({ error }),
} as const;
export type CliDocuments = { readonly [K in keyof typeof cliDocumentSchemas]: z.input<(typeof cliDocumentSchemas)[K]> };
