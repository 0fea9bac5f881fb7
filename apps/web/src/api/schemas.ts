import * as z from 'zod/mini';
import type { Engine, Engines } from '@eloquence/shared/contracts/engine';
import type { Problem } from '@eloquence/shared/contracts/errors';
import type { Interim, SessionEvent } from '@eloquence/shared/contracts/events';
import type { ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import type {
  CreateSessionResponse,
  Session,
  SessionTokenResponse,
  Transcript,
  Utterance,
} from '@eloquence/shared/contracts/sessions';

/**
 * What this page reads from answers, and no more: `zod/mini` weighs 4 KB where the contracts' own schemas weigh 24.
 * Each schema is checked by the compiler against the contract's type, so the two cannot drift apart.
 */
const language = z.enum(['fr', 'en']);
const localized = z.object({ fr: z.string(), en: z.string() });
const endReason = z.enum([
  'requested',
  'participant_left',
  'never_joined',
  'room_closed',
  'agent_failed',
  'max_duration',
  'deleted',
]);
const sessionState = z.enum(['created', 'active', 'ended']);

export const scenarioListSchema: z.ZodMiniType<{ scenarios: ScenarioSummary[] }> = z.object({
  scenarios: z.array(
    z.object({
      scenario_id: z.string(),
      kind: z.enum(['conversation', 'meeting']),
      version: z.number(),
      title: localized,
      description: localized,
      languages: z.array(language),
    }),
  ),
});

const engine: z.ZodMiniType<Engine> = z.object({
  id: z.string(),
  label: z.string(),
  label_fr: z.string(),
  demo: z.boolean(),
  languages: z.optional(z.array(z.string())),
  examples: z.optional(z.object({ fr: z.optional(z.array(z.string())), en: z.optional(z.array(z.string())) })),
  fault: z.optional(z.string()),
});
export const enginesSchema: z.ZodMiniType<Engines> = z.object({
  stt: z.nullable(engine),
  llm: z.nullable(engine),
  tts: z.nullable(engine),
});

export const createdSessionSchema: z.ZodMiniType<CreateSessionResponse> = z.object({
  session_id: z.string(),
  room_name: z.string(),
  livekit_url: z.string(),
  livekit_token: z.string(),
  token_expires_at: z.string(),
  scenario_id: z.string(),
  language,
  state: sessionState,
  created_at: z.string(),
  events_url: z.string(),
});

export const tokenSchema: z.ZodMiniType<SessionTokenResponse> = z.object({
  livekit_url: z.string(),
  livekit_token: z.string(),
  token_expires_at: z.string(),
  events_url: z.string(),
});

export type SessionSummary = Pick<
  Session,
  'session_id' | 'scenario_id' | 'kind' | 'language' | 'name' | 'state' | 'end_reason' | 'started_at' | 'ended_at'
>;
export const sessionSchema: z.ZodMiniType<SessionSummary> = z.object({
  session_id: z.string(),
  scenario_id: z.string(),
  kind: z.enum(['conversation', 'meeting']),
  language,
  name: z.nullable(z.string()),
  state: sessionState,
  end_reason: z.nullable(endReason),
  started_at: z.nullable(z.string()),
  ended_at: z.nullable(z.string()),
});

/** An utterance without its words: the page shows sentences. */
const utterance: z.ZodMiniType<Omit<Utterance, 'words'>> = z.object({
  utterance_id: z.string(),
  speaker: z.string(),
  role: z.enum(['user', 'agent']),
  text: z.string(),
  start_ms: z.number(),
  end_ms: z.number(),
});
export const transcriptSchema: z.ZodMiniType<Pick<Transcript, 'session_id' | 'language' | 'utterances'>> = z.object({
  session_id: z.string(),
  language,
  utterances: z.array(utterance),
});

export const problemSchema: z.ZodMiniType<
  Pick<Problem, 'detail'> & { code: string; retry_after_s?: number | undefined }
> = z.object({ detail: z.string(), code: z.string(), retry_after_s: z.optional(z.number()) });

const position = { seq: z.number(), at: z.string() };
const ms = z.nullable(z.number());
const shownEvent = z.discriminatedUnion('type', [
  z.object({ ...position, type: z.literal('session.started') }),
  // The end of a deleted session comes without a number: its log is gone.
  z.object({ at: z.string(), seq: z.optional(z.number()), type: z.literal('session.ended'), reason: endReason }),
  z.object({ ...position, type: z.literal('session.resumed') }),
  z.object({
    ...position,
    type: z.literal('participant.joined'),
    identity: z.string(),
    speaker: z.optional(z.string()),
    name: z.optional(z.string()),
  }),
  z.object({ ...position, type: z.literal('speaker.renamed'), speaker: z.string(), name: z.string() }),
  z.object({ ...position, type: z.literal('recording.paused') }),
  z.object({ ...position, type: z.literal('recording.continued') }),
  z.object({ ...position, type: z.literal('summary.ready'), index: z.number() }),
  z.object({ ...position, type: z.literal('utterance.final'), utterance }),
  z.object({
    ...position,
    type: z.literal('state.changed'),
    state: z.enum(['initializing', 'listening', 'thinking', 'speaking']),
  }),
  z.object({
    ...position,
    type: z.literal('turn.measured'),
    turn: z.object({
      stt_final_ms: ms,
      turn_committed_ms: ms,
      llm_ttft_ms: ms,
      tts_ttfb_ms: ms,
      total_ms: ms,
      interrupted: z.boolean(),
    }),
  }),
]);

/** The events the page shows; the others only move the position forward. */
export type ShownEvent = z.infer<typeof shownEvent>;

/** The event in an SSE message, or `null` when the page does not show its type (newer servers may send more). */
export function parseEvent(data: unknown): ShownEvent | null {
  const result = shownEvent.safeParse(data);
  // Every type shown here exists in the contract, or this does not compile.
  return result.success ? (result.data satisfies { type: SessionEvent['type'] }) : null;
}

const interimSchema: z.ZodMiniType<Pick<Interim, 'speaker' | 'text'>> = z.object({
  speaker: z.string(),
  text: z.string(),
});

/** The interim in an SSE message, or `null` when it is not one. */
export function parseInterim(data: unknown): Pick<Interim, 'speaker' | 'text'> | null {
  const result = interimSchema.safeParse(data);
  return result.success ? result.data : null;
}
