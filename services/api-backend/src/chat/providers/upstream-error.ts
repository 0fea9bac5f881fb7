import { AppError } from '@eloquence/shared/runtime/errors';

/** Seconds to wait when a vendor that is out of quota does not say. */
const DEFAULT_RETRY_AFTER_S = 5;

export interface UpstreamStatus {
  /** Who answered, for messages: "Mistral". */
  readonly peer: string;
  /** What to check when the key is refused or the address is wrong. */
  readonly settings: string;
  readonly status: number;
  readonly retryAfter: string | null | undefined;
  readonly cause: unknown;
}

/** A vendor's HTTP status as our error: the one place that decides. Its own message is left out, it may quote the prompt. */
export function statusError({ peer, settings, status, retryAfter, cause }: UpstreamStatus): AppError {
  if (status === 429) {
    const retryAfterS = Number(retryAfter) || DEFAULT_RETRY_AFTER_S;
    return new AppError('rate_limited', `${peer} takes no more requests for ${retryAfterS} s.`, { cause, retryAfterS });
  }
  if (status === 401 || status === 403)
    return new AppError('upstream_rejected', `${peer} refused the key. Check ${settings}.`, { cause });
  if (status === 404)
    return new AppError(
      'unknown_model',
      `${peer} does not know this model, or is not at this address. Check ${settings}.`,
      {
        cause,
      },
    );
  if (status >= 400 && status < 500 && status !== 408)
    return new AppError('upstream_rejected', `${peer} refused the request (${status}).`, { cause });
  if (status >= 500 || status === 408) return new AppError('upstream_failed', `${peer} failed (${status}).`, { cause });
  return brokenOff(peer, settings, cause);
}

/** No connection, a connection that broke, or an answer that is not of the wire. */
export function brokenOff(peer: string, settings: string, cause?: unknown): AppError {
  return new AppError(
    'upstream_failed',
    `${peer} cannot be reached, broke off, or does not speak its wire. Check ${settings}.`,
    cause === undefined ? {} : { cause },
  );
}
