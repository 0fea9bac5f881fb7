import type { MessageKey } from './i18n/fr.ts';
import { ApiError } from './api/api-error.ts';

/** Something in the way, as a text and whether it mends itself. */
export interface Problem {
  readonly key: MessageKey;
  /** Seconds until the page tries again by itself; `null`: the person decides. */
  readonly retryInS: number | null;
}

const DEFAULT_RETRY_S = 5;
const byCode: Readonly<Record<string, MessageKey>> = {
  unreachable: 'problem.unreachable',
  unauthorized: 'problem.unauthorized',
  forbidden: 'problem.unauthorized',
  unknown_scenario: 'problem.unknown_scenario',
  not_found: 'problem.not_found',
  session_ended: 'problem.meeting_over',
  overloaded: 'problem.busy',
  unavailable: 'problem.unavailable',
  rate_limited: 'problem.rate_limited',
};
const waits: readonly MessageKey[] = ['problem.busy', 'problem.unavailable', 'problem.rate_limited'];

/** The sentence for a failed request. */
export function problemOfError(error: unknown): Problem {
  if (!(error instanceof ApiError)) return { key: 'problem.unexpected', retryInS: null };
  const key = byCode[error.code] ?? 'problem.unexpected';
  if (!waits.includes(key)) return { key, retryInS: null };
  return { key, retryInS: Math.max(1, Math.ceil(error.retryAfterS ?? DEFAULT_RETRY_S)) };
}

/** Why a microphone does not open. */
export type MicFailure = 'denied' | 'none' | 'in_use' | 'insecure' | 'mic_other';

/** `getUserMedia` errors by their DOM names (w3.org/TR/mediacapture-streams). */
export function micFailureOf(error: unknown): MicFailure {
  const name = typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';
  switch (name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return 'none';
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return 'in_use';
    default:
      return 'mic_other';
  }
}
