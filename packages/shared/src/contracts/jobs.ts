import * as z from 'zod';
import { sessionIdSchema } from './ids.ts';

/**
 * The one queue and its job catalogue: name -> payload schema, attempts, backoff, time limit. Payloads carry ids, never
 * text. A field added to a live payload is optional, with a "remove when" comment.
 */
export const QUEUE_NAME = 'eloquence';

interface JobEntry {
  readonly schema: z.ZodType;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly timeoutMs: number;
}

export const jobCatalogue = {
  /** Marks a session ended in Postgres once all its events are there, and lets its Redis stream expire. */
  close_session: {
    schema: z.object({ session_id: sessionIdSchema }),
    attempts: 8,
    backoffMs: 500,
    timeoutMs: 30_000,
  },
  /** Writes chunk `n` of a meeting, unless it is there and up to date. Id: `m-<session>-c<n>-<input hash>`. */
  summarise_chunk: {
    schema: z.object({ session_id: sessionIdSchema, n: z.number().int().nonnegative() }),
    attempts: 6,
    backoffMs: 1_000,
    timeoutMs: 180_000,
  },
  /** Draft, then final report of a meeting that is over. Id: `m-<session>-report-<input hash>`. */
  write_report: {
    schema: z.object({ session_id: sessionIdSchema }),
    attempts: 6,
    backoffMs: 1_000,
    timeoutMs: 180_000,
  },
  /**
   * Renders what is published in every format, two of them in a child with a time limit of its own; a format that fails at the last
   * attempt is given up. Id: `m-<session>-render-<revision>`.
   */
  render_report: {
    schema: z.object({ session_id: sessionIdSchema, revision: z.number().int().positive() }),
    attempts: 5,
    backoffMs: 1_000,
    timeoutMs: 180_000,
  },
} as const satisfies Record<string, JobEntry>;

export type JobName = keyof typeof jobCatalogue;
export type JobPayload<N extends JobName> = z.infer<(typeof jobCatalogue)[N]['schema']>;
