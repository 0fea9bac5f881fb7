import type { ZodMiniType } from 'zod/mini';
import type { Engines } from '@eloquence/shared/contracts/engine';
import type { Language } from '@eloquence/shared/contracts/ids';
import type { ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import type {
  CreateSessionRequest,
  CreateSessionResponse,
  SessionTokenResponse,
} from '@eloquence/shared/contracts/sessions';
import { ownUserId, readApiKey } from '../storage.ts';
import { ApiError } from './api-error.ts';
import {
  createdSessionSchema,
  enginesSchema,
  problemSchema,
  scenarioListSchema,
  sessionSchema,
  tokenSchema,
  transcriptSchema,
} from './schemas.ts';
import type { SessionSummary } from './schemas.ts';

interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Transcript formats the server renders. */
export type TranscriptFormat = 'txt' | 'srt' | 'json';

/** Headers every request carries: the access key, when this server asked for one. */
export function authHeaders(): Record<string, string> {
  const key = readApiKey();
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/**
 * Sends a request. Throws {@link ApiError} when no answer came or the answer is a problem; rethrows an abort as it is.
 */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { ...authHeaders(), ...options.headers };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  const init: RequestInit = { method: options.method ?? 'GET', headers, cache: 'no-store' };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal !== undefined) init.signal = options.signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new ApiError({ status: 0, code: 'unreachable', message: `No answer from ${path}`, cause: error });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** Reads a failed answer; anything that is not our problem body (a proxy's page) becomes `unexpected`. */
export async function problemOf(response: Response): Promise<ApiError> {
  const header = Number(response.headers.get('retry-after') ?? Number.NaN);
  const parsed = problemSchema.safeParse(await response.json().catch(() => null));
  if (parsed.success) {
    return new ApiError({
      status: response.status,
      code: parsed.data.code,
      retryAfterS: parsed.data.retry_after_s ?? (Number.isFinite(header) ? header : null),
      message: parsed.data.detail,
    });
  }
  return new ApiError({
    status: response.status,
    code: response.status === 401 ? 'unauthorized' : 'unexpected',
    retryAfterS: Number.isFinite(header) ? header : null,
    message: `HTTP ${response.status}`,
  });
}

/** Sends a request and reads its answer; throws {@link ApiError} also when the answer is not of that shape. */
export async function sendFor<T>(schema: ZodMiniType<T>, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  const parsed = schema.safeParse(await response.json().catch(() => null));
  if (parsed.success) return parsed.data;
  throw new ApiError({
    status: response.status,
    code: 'unexpected',
    message: `${path} answered in a shape this page does not know`,
    cause: parsed.error,
  });
}

/** `GET /api/scenarios`. */
export async function listScenarios(signal?: AbortSignal): Promise<readonly ScenarioSummary[]> {
  const { scenarios } = await sendFor(scenarioListSchema, '/api/scenarios', { signal });
  return scenarios;
}

/** `GET /api/engines`. */
export function getEngines(signal?: AbortSignal): Promise<Engines> {
  return sendFor(enginesSchema, '/api/engines', { signal });
}

/** What a person wants to open. */
export interface SessionWish {
  readonly scenarioId: string;
  readonly language: Language;
  /** Meetings: title, own name, and who was told. */
  readonly meeting?: Pick<CreateSessionRequest, 'name' | 'participant_name' | 'consent'>;
}

/** `POST /api/sessions`. The same `idempotencyKey` opens the same session, so a retry never makes a second one. */
export function createSession(
  wanted: SessionWish,
  idempotencyKey: string,
  signal?: AbortSignal,
): Promise<CreateSessionResponse> {
  const body: CreateSessionRequest = {
    user_id: ownUserId(),
    scenario_id: wanted.scenarioId,
    language: wanted.language,
    ...wanted.meeting,
    ...(wanted.meeting && { options: { meeting: { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone } } }),
  };
  return sendFor(createdSessionSchema, '/api/sessions', {
    method: 'POST',
    body,
    headers: { 'idempotency-key': idempotencyKey },
    signal,
  });
}

/** `POST /api/sessions/{id}/token`: a fresh way into a session that is still open. */
export function createToken(sessionId: string, signal?: AbortSignal): Promise<SessionTokenResponse> {
  return sendFor(tokenSchema, `/api/sessions/${sessionId}/token`, { method: 'POST', body: {}, signal });
}

/** `GET /api/sessions/{id}`. */
export function getSession(sessionId: string, signal?: AbortSignal): Promise<SessionSummary> {
  return sendFor(sessionSchema, `/api/sessions/${sessionId}`, { signal });
}

/** `POST /api/sessions/{id}/end`. Already ended counts as done. */
export async function endSession(sessionId: string): Promise<void> {
  try {
    await send(`/api/sessions/${sessionId}/end`, { method: 'POST', body: {} });
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'session_ended')) throw error;
  }
}

/** `GET /api/sessions/{id}/transcript.json`, in spoken order. */
export function getTranscript(sessionId: string, signal?: AbortSignal) {
  return sendFor(transcriptSchema, `/api/sessions/${sessionId}/transcript.json`, { signal });
}

/** The transcript as a file, fetched here because a plain link could not carry the access key. */
export async function getTranscriptFile(sessionId: string, format: TranscriptFormat): Promise<Blob> {
  const response = await send(`/api/sessions/${sessionId}/transcript.${format}`);
  return response.blob();
}
