import * as z from 'zod';
import { sessionIdSchema } from './ids.ts';
import { createSessionRequestSchema, endReasonSchema, sessionSchema } from './sessions.ts';

/** Metadata of a LiveKit agent dispatch: readable by anybody with the token, so the id and nothing else. */
export const dispatchMetadataSchema = z.strictObject({ session_id: sessionIdSchema });

/** `GET /internal/sessions/{id}`: what an agent job fetches with the internal key before it speaks. */
export const agentSessionSchema = z.object({
  session: sessionSchema,
  options: createSessionRequestSchema.shape.options.unwrap(),
});
export type AgentSession = z.infer<typeof agentSessionSchema>;

/** `POST /internal/sessions/{id}/end`: the agent, who alone knows why, ends its session. */
export const agentEndRequestSchema = z.strictObject({
  reason: endReasonSchema.extract(['participant_left', 'max_duration']),
});
export type AgentEndReason = z.infer<typeof agentEndRequestSchema>['reason'];

/** `POST /internal/sessions/{id}/lost-agent`: a job died without a word; its participant in the room is a ghost. */
export const lostAgentRequestSchema = z.strictObject({ identity: z.string().min(1).max(256) });

/** Answer of both: done, or nothing to do any more. */
export const acceptedSchema = z.object({ status: z.literal('ok') });
