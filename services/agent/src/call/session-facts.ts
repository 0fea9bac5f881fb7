import {
  acceptedSchema,
  agentSessionSchema,
  dispatchMetadataSchema,
  type AgentEndReason,
  type AgentSession,
} from '@eloquence/shared/contracts/dispatch';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { EventLog } from '@eloquence/shared/runtime/event-log';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { retry, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import { llm } from '@livekit/agents';
import type { AgentConfig } from '../config.ts';

/** The person is on their way into the room: a backend that restarts gets a few seconds, not more. */
const fetchPolicy: RetryPolicy = { attempts: 5, firstDelayMs: 200, factor: 2, maxDelayMs: 1_500, jitter: 0.3 };

/** The session a dispatch is for. @throws AppError `invalid_request` when the metadata is not ours */
export function sessionIdOf(metadata: string): SessionId {
  try {
    return dispatchMetadataSchema.parse(JSON.parse(metadata)).session_id;
  } catch (error) {
    throw new AppError('invalid_request', 'The dispatch has no metadata {session_id}.', { cause: error });
  }
}

/** What api-backend knows of the session. @throws AppError `not_found`, `session_ended`, `upstream_failed`… */
export function fetchSession(apiUrl: string, key: string, sessionId: SessionId): Promise<AgentSession> {
  return retry(
    () =>
      requestJson({
        url: `${apiUrl}/internal/sessions/${sessionId}`,
        peer: 'api-backend',
        schema: agentSessionSchema,
        key,
      }),
    { policy: fetchPolicy, retryable: (error) => error instanceof AppError && error.retryable },
  );
}

/** What was said before, when this agent takes over from one that died; empty for a new session or without Redis. */
export async function conversationSoFar(log: EventLog, sessionId: SessionId): Promise<llm.ChatContext> {
  const history = llm.ChatContext.empty();
  const events = await log.read(sessionId, 0, 5_000).catch(() => []);
  for (const event of events) {
    if (event.type !== 'utterance.final') continue;
    const { role, text } = event.utterance;
    history.addMessage({
      role: role === 'user' ? 'user' : 'assistant',
      content: text,
      createdAt: Date.parse(event.at),
    });
  }
  return history;
}

/** Has api-backend close the room, wait for this job's last events, and end the session for that reason. */
export async function endSession(
  { apiUrl, internalApiKey: key }: AgentConfig,
  sessionId: SessionId,
  reason: AgentEndReason,
): Promise<void> {
  const url = `${apiUrl}/internal/sessions/${sessionId}/end`;
  await requestJson({ url, peer: 'api-backend', schema: acceptedSchema, method: 'POST', body: { reason }, key });
}

/** Whether a call could not begin because its session is over, which is no failure. */
export async function hasEnded(config: AgentConfig, sessionId: SessionId, error: unknown): Promise<boolean> {
  if (saysEnded(error)) return true;
  return fetchSession(config.apiUrl, config.internalApiKey, sessionId).then(() => false, saysEnded);
}

function saysEnded(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'session_ended' || error.code === 'not_found');
}
