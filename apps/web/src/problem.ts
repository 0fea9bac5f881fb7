import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import type { MessageKey } from './i18n/fr.ts';
import { ApiError } from './api/api-error.ts';

/** Something in the way, as a text and whether it mends itself. */
export interface Problem {
  readonly key: MessageKey;
  /** Seconds until the page tries again by itself; `null`: the person decides. */
  readonly retryInS: number | null;
}

const DEFAULT_RETRY_S = 5;
/** Every code the server has: a new one does not compile until it is decided what people read. */
const byCode: Readonly<Record<ErrorCode | 'unreachable', MessageKey>> = {
  unreachable: 'problem.unreachable',
  invalid_request: 'problem.invalid',
  unauthorized: 'problem.unauthorized',
  forbidden: 'problem.forbidden',
  unknown_scenario: 'problem.unknown_scenario',
  not_found: 'problem.not_found',
  conflict: 'problem.conflict',
  session_ended: 'problem.meeting_over',
  payload_too_large: 'problem.invalid',
  quota_exceeded: 'problem.quota',
  overloaded: 'problem.busy',
  unavailable: 'problem.unavailable',
  rate_limited: 'problem.rate_limited',
  upstream_failed: 'problem.upstream',
  upstream_rejected: 'problem.upstream',
  upstream_timeout: 'problem.upstream',
  unknown_model: 'problem.upstream',
  unknown_voice: 'problem.upstream',
  unsupported_language: 'problem.upstream',
  // Faults of this page, not of the person.
  method_not_allowed: 'problem.unexpected',
  idempotency_mismatch: 'problem.unexpected',
  unsupported_media_type: 'problem.unexpected',
  invalid_audio: 'problem.unexpected',
  internal: 'problem.unexpected',
};
const isKnown = (code: string): code is keyof typeof byCode => Object.hasOwn(byCode, code);
const waits: readonly MessageKey[] = ['problem.busy', 'problem.unavailable', 'problem.rate_limited'];

/** The sentence for a failed request. */
export function problemOfError(error: unknown): Problem {
  if (!(error instanceof ApiError)) return { key: 'problem.unexpected', retryInS: null };
  const key = isKnown(error.code) ? byCode[error.code] : 'problem.unexpected';
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
