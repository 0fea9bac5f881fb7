import { AppError } from '@eloquence/shared/runtime/errors';

/** Waits a vendor may ask for, in seconds; one that names none gets the shortest that is polite. */
const DEFAULT_RETRY_AFTER_S = 5;

export interface UpstreamStatus {
  readonly peer: string;
  /** Name of the variable that holds the key, for the fix. */
  readonly keyName: string;
  readonly status: number;
  readonly retryAfter: string | null | undefined;
  readonly cause?: unknown;
}

/** A vendor's HTTP status as our error. Its message is left out: it may quote the text. */
export function statusError({ peer, keyName, status, retryAfter, cause }: UpstreamStatus): AppError {
  const options = cause === undefined ? {} : { cause };
  if (status === 429) {
    const retryAfterS = Number(retryAfter) || DEFAULT_RETRY_AFTER_S;
    return new AppError('rate_limited', `${peer} takes no more requests for ${retryAfterS} s.`, {
      ...options,
      retryAfterS,
    });
  }
  if (status === 401 || status === 403)
    return new AppError('upstream_rejected', `${peer} refused the key. Check ${keyName}.`, options);
  if (status >= 400 && status < 500 && status !== 408)
    return new AppError('upstream_rejected', `${peer} refused the request (${status}).`, options);
  return new AppError('upstream_failed', `${peer} failed (${status}).`, options);
}

/**
 * Refuses an answer that is not sound: a wrong base URL or a captive portal gives 200 with a page.
 *
 * @throws AppError `upstream_failed`
 */
export function assertAudio(peer: string, contentType: string | null | undefined): void {
  if (/^(?:audio\/|application\/octet-stream)/i.test(contentType ?? '')) return;
  throw new AppError('upstream_failed', `${peer} did not answer with audio. Check its base URL.`);
}
