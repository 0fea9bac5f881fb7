import * as z from 'zod';
import { sessionIdSchema } from './ids.ts';
import { gapSchema, silentSourceSchema, spanSchema, speakerSchema } from './meeting.ts';
import { endReasonSchema, utteranceSchema } from './sessions.ts';

/**
 * Facts of a session, in the Redis stream `events:{session_id}` and on `GET /api/sessions/{id}/events` (SSE).
 * Types are noun-verb. A writer gives `type`, `at` and the members; the log adds `seq` (1, 2, 3 … without gaps).
 */
const at = { at: z.iso.datetime({ precision: 3 }) };

export const agentStateSchema = z.enum(['initializing', 'listening', 'thinking', 'speaking']);
export type AgentState = z.infer<typeof agentStateSchema>;

/**
 * Where the time of one turn went, ms, measured by the agent on one clock from the end of the person's speech
 * (last voiced frame). `null` = that stage did not happen in this turn. The stages do not overlap except `llm_ttft`,
 * which may start before `turn_committed` (speculative generation).
 */
export const turnMeasurementSchema = z.object({
  /** last voiced frame -> final transcript received */
  stt_final_ms: z.number().nullable(),
  /** last voiced frame -> turn committed by the end-of-turn policy */
  turn_committed_ms: z.number().nullable(),
  /** request to the LLM proxy -> first token */
  llm_ttft_ms: z.number().nullable(),
  /** first text sent to tts-proxy -> first audio byte */
  tts_ttfb_ms: z.number().nullable(),
  /** last voiced frame -> first agent frame handed to the room */
  total_ms: z.number().nullable(),
  interrupted: z.boolean(),
});
export type TurnMeasurement = z.infer<typeof turnMeasurementSchema>;

export const sessionEventBodySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session.created'), ...at, scenario_id: z.string(), language: z.string() }),
  z.object({ type: z.literal('session.started'), ...at }),
  z.object({ type: z.literal('session.ended'), ...at, reason: endReasonSchema }),
  /** An ended meeting goes on under its id; `time` counts from 1. What ended it before is no longer its end. */
  z.object({ type: z.literal('session.resumed'), ...at, time: z.number().int().positive() }),
  z.object({
    type: z.literal('participant.joined'),
    ...at,
    identity: z.string(),
    kind: z.enum(['person', 'agent', 'phone']),
    /** Meetings: who of the transcript it is, and the name to show. */
    speaker: speakerSchema.optional(),
    name: z.string().optional(),
  }),
  z.object({ type: z.literal('participant.left'), ...at, identity: z.string() }),
  z.object({ type: z.literal('utterance.final'), ...at, utterance: utteranceSchema }),
  z.object({ type: z.literal('turn.measured'), ...at, turn: turnMeasurementSchema }),
  z.object({ type: z.literal('state.changed'), ...at, state: agentStateSchema }),
  z.object({ type: z.literal('tool.called'), ...at, call_id: z.string(), name: z.string() }),
  z.object({ type: z.literal('tool.finished'), ...at, call_id: z.string(), name: z.string(), ok: z.boolean() }),
  z.object({ type: z.literal('agent.failed'), ...at, code: z.string(), message: z.string() }),
  z.object({ type: z.literal('recording.paused'), ...at, at_ms: z.number().int().nonnegative() }),
  z.object({ type: z.literal('recording.continued'), ...at, at_ms: z.number().int().nonnegative() }),
  /** Everything said in these spans is in the transcript (said at least every 10 s while somebody is heard). */
  z.object({ type: z.literal('audio.transcribed'), ...at, spans: z.array(spanSchema).min(1) }),
  z.object({ type: z.literal('audio.missed'), ...at, gap: gapSchema }),
  z.object({ type: z.literal('source.silent'), ...at, silent: silentSourceSchema }),
  z.object({ type: z.literal('speaker.renamed'), ...at, speaker: speakerSchema, name: z.string() }),
  z.object({
    type: z.literal('summary.ready'),
    ...at,
    /** Number of the chunk. */
    index: z.number().int(),
    revision: z.number().int().optional(),
  }),
  z.object({
    type: z.literal('report.ready'),
    ...at,
    revision: z.number().int(),
    kind: z.enum(['draft', 'final']).optional(),
  }),
]);
export type SessionEventBody = z.infer<typeof sessionEventBodySchema>;
export type SessionEventType = SessionEventBody['type'];

/** An event as it is read: body and position. */
export const sessionEventSchema = z.intersection(
  sessionEventBodySchema,
  z.object({ seq: z.number().int().positive(), session_id: sessionIdSchema }),
);
export type SessionEvent = z.infer<typeof sessionEventSchema>;

/** Interims: pub/sub channel `interims:{session_id}` only, never stored. On SSE: `event: utterance.interim`, no id. */
export const interimSchema = z.object({
  type: z.literal('utterance.interim'),
  at: z.iso.datetime({ precision: 3 }),
  speaker: z.string(),
  text: z.string(),
});
export type Interim = z.infer<typeof interimSchema>;

/** How long an agent that says nothing of itself still counts as attending. It says so three times as often. */
export const AGENT_LEASE_MS = 10_000;

/** Key names of the event log; one place so that writer and readers cannot drift. */
export const eventKeys = {
  stream: (sessionId: string) => `events:{${sessionId}}`,
  seq: (sessionId: string) => `events:{${sessionId}}:seq`,
  seen: (sessionId: string) => `events:{${sessionId}}:seen`,
  /**
   * Job id of the one agent that attends the session. It is gone once that agent has appended its last event, and expires
   * {@link AGENT_LEASE_MS} after the agent's last sign of life.
   */
  agent: (sessionId: string) => `events:{${sessionId}}:agent`,
  /** Sorted set of sessions with events that Postgres does not have yet; score = ms since epoch of the oldest. */
  pending: 'events:pending',
  /** Pub/sub: payload = session id, sent after each append. */
  appended: 'events:appended',
  interims: (sessionId: string) => `interims:${sessionId}`,
  /** Consumer group that copies events to Postgres. */
  persistGroup: 'persist',
} as const;
