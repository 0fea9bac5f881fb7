import * as z from 'zod';
import { languageSchema, lineSchema, sessionIdSchema, userIdSchema, utteranceIdSchema } from './ids.ts';
import { meetingOptionsSchema, speakerSchema, timeZoneSchema } from './meeting.ts';
import { scenarioIdSchema, sessionKindSchema } from './scenario.ts';

/**
 * created: room and token exist, nobody has joined · active: somebody is in the room · ended: nothing more will come.
 */
export const sessionStateSchema = z.enum(['created', 'active', 'ended']);
export type SessionState = z.infer<typeof sessionStateSchema>;

/** Why a session ended; stored, shown, and a metric label. */
export const endReasonSchema = z.enum([
  'requested',
  'participant_left',
  'never_joined',
  'room_closed',
  'agent_failed',
  'max_duration',
  'deleted',
]);
export type EndReason = z.infer<typeof endReasonSchema>;

const timestampSchema = z.iso.datetime();

/** Body of `POST /api/sessions`; unknown members are refused so that a typo is not silently dropped. */
export const createSessionRequestSchema = z.strictObject({
  user_id: userIdSchema,
  scenario_id: scenarioIdSchema,
  language: languageSchema.optional(),
  /** Of the session: the title of a meeting; in a conversation also what the person is called. */
  name: lineSchema.trim().min(1).max(120).optional(),
  /** Meetings: the name to show of the person who opens it. */
  participant_name: lineSchema.trim().min(1).max(120).optional(),
  consent: z
    .strictObject({
      recording: z.boolean(),
      /** Who says so. */
      by: lineSchema.max(120).optional(),
      /** Who was told, and how. */
      told: lineSchema.max(500).optional(),
    })
    .optional(),
  options: z
    .strictObject({
      /** Words the recogniser should expect: names, products. */
      keyterms: z.array(lineSchema.min(1).max(60)).max(50).optional(),
      /** false: the agent waits for the person to speak first. */
      greeting: z.boolean().optional(),
      // Zod fills defaults of partial objects: who names no time zone must be seen to, because it is the server's then.
      meeting: meetingOptionsSchema.partial().extend({ time_zone: timeZoneSchema.optional() }).optional(),
    })
    .optional(),
});
export type CreateSessionRequest = z.infer<typeof createSessionRequestSchema>;

export const sessionSchema = z.object({
  session_id: sessionIdSchema,
  user_id: userIdSchema,
  scenario_id: scenarioIdSchema,
  kind: sessionKindSchema,
  language: languageSchema,
  name: z.string().nullable(),
  state: sessionStateSchema,
  end_reason: endReasonSchema.nullable(),
  room_name: z.string(),
  created_at: timestampSchema,
  started_at: timestampSchema.nullable(),
  ended_at: timestampSchema.nullable(),
});
export type Session = z.infer<typeof sessionSchema>;

/** Meetings: who of the transcript the holder of the token is; sound of theirs that goes another way is sent under it. */
const ownSpeaker = { speaker: speakerSchema.optional() };

/** Answer of `POST /api/sessions` (201) and `POST /api/sessions/{id}/resume`: everything a client needs to join. */
export const createSessionResponseSchema = z.object({
  session_id: sessionIdSchema,
  room_name: z.string(),
  livekit_url: z.string(),
  livekit_token: z.string(),
  token_expires_at: timestampSchema,
  scenario_id: scenarioIdSchema,
  language: languageSchema,
  state: sessionStateSchema,
  created_at: timestampSchema,
  events_url: z.string(),
  ...ownSpeaker,
});
export type CreateSessionResponse = z.infer<typeof createSessionResponseSchema>;

/** Answer of `POST /api/sessions/{id}/token`. */
export const sessionTokenResponseSchema = z.object({
  livekit_url: z.string(),
  livekit_token: z.string(),
  token_expires_at: timestampSchema,
  /** Renewed too: with API keys in use it carries a ticket that expires. */
  events_url: z.string(),
  ...ownSpeaker,
});
export type SessionTokenResponse = z.infer<typeof sessionTokenResponseSchema>;

/**
 * LiveKit's standard token endpoint (`POST /api/livekit/token`): stock starters work unmodified.
 * The scenario comes in `participant_attributes.scenario_id`. A `room_name` that is the room of a meeting joins that meeting;
 * any other is ignored, because rooms are ours to choose.
 */
export const livekitTokenRequestSchema = z.looseObject({
  room_name: z.string().max(256).optional(),
  participant_name: lineSchema.max(256).optional(),
  participant_identity: lineSchema.max(128).optional(),
  participant_metadata: z.string().max(4096).optional(),
  participant_attributes: z.record(z.string().max(64), z.string().max(1024)).optional(),
});
export const livekitTokenResponseSchema = z.object({
  server_url: z.string(),
  participant_token: z.string(),
  session_id: sessionIdSchema,
  room_name: z.string(),
});

export const sessionListQuerySchema = z.strictObject({
  user_id: userIdSchema.optional(),
  state: sessionStateSchema.optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const sessionListSchema = z.object({ sessions: z.array(sessionSchema), next_cursor: z.string().nullable() });

export const endSessionResponseSchema = z.object({ session: sessionSchema });

export const wordSchema = z.object({
  text: z.string(),
  start_ms: z.number().int().nonnegative(),
  end_ms: z.number().int().nonnegative(),
  confidence: z.number().min(0).max(1).optional(),
});
export type Word = z.infer<typeof wordSchema>;

export const roleSchema = z.enum(['user', 'agent']);
export type Role = z.infer<typeof roleSchema>;

/** A final utterance: times are ms since the session's `started_at`; agent text as far as it was heard. */
export const utteranceSchema = z.object({
  utterance_id: utteranceIdSchema,
  speaker: z.string(),
  role: roleSchema,
  text: z.string(),
  start_ms: z.number().int().nonnegative(),
  end_ms: z.number().int().nonnegative(),
  words: z.array(wordSchema).optional(),
});
export type Utterance = z.infer<typeof utteranceSchema>;

/** `GET /api/sessions/{id}/transcript[.json]`, in spoken order. */
export const transcriptSchema = z.object({
  session_id: sessionIdSchema,
  language: languageSchema,
  utterances: z.array(utteranceSchema),
});
export type Transcript = z.infer<typeof transcriptSchema>;
