import * as z from 'zod';
import { sessionIdSchema } from './ids.ts';
import { createSessionRequestSchema, sessionSchema } from './sessions.ts';

/** Metadata of a LiveKit agent dispatch: readable by anybody with the token, so the id and nothing else. */
export const dispatchMetadataSchema = z.strictObject({ session_id: sessionIdSchema });

/** `GET /internal/sessions/{id}`: what an agent job fetches with the internal key before it speaks. */
export const agentSessionSchema = z.object({
  session: sessionSchema,
  options: createSessionRequestSchema.shape.options.unwrap(),
});
export type AgentSession = z.infer<typeof agentSessionSchema>;
