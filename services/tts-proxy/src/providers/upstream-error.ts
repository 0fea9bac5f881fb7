import { AppError } from '@eloquence/shared/runtime/errors';
import { retryAfterSeconds } from '@eloquence/shared/runtime/retry-after';
import { unreachableCode } from '@eloquence/shared/runtime/unreachable';

/** Wait when a vendor names none, in seconds: the shortest that is polite. */
const DEFAULT_RETRY_AFTER_S = 5;

/**
 * Refusals that may be of one text, which another text does not meet: too long, not speakable, not let through. A 403 may also
 * mean the key, which `TextFaults` finds out.
 */
const TEXT_STATUSES = new Set([400, 403, 413, 422, 451]);

/** Who a provider is to the person who set it up: its name in sentences, and the settings to check. */
export interface Peer {
  readonly peer: string;
  readonly keyName: string;
  readonly urlName: string;
  /** Settings of what is asked for: model and voice. */
  readonly choiceNames: string;
  /** What else than a wrong key a 403 may mean here. */
  readonly forbids?: string;
}

interface Refusal {
  readonly status: number;
  readonly retryAfter: string | null | undefined;
  readonly cause?: unknown;
}

/** A vendor's HTTP status as our error. Its message is left out: it may quote the text, or the key. */
export function statusError(names: Peer, { status, retryAfter, cause }: Refusal): AppError {
  const { peer, keyName, urlName, choiceNames, forbids } = names;
  const options = cause === undefined ? {} : { cause };
  const rejected = (why: string) => new AppError('upstream_rejected', `${peer} ${why}`, options);
  if (status === 429) {
    const retryAfterS = retryAfterSeconds(retryAfter) ?? DEFAULT_RETRY_AFTER_S;
    return new AppError('rate_limited', `${peer} takes no more requests for ${retryAfterS} s.`, {
      ...options,
      retryAfterS,
    });
  }
  if (TEXT_STATUSES.has(status)) {
    const check = status === 403 ? keyName : choiceNames;
    const why = status === 403 && forbids ? `: ${forbids}` : '';
    const message = `${peer} refused the request (${status})${why}. If it refuses every text, check ${check}.`;
    return new AppError('invalid_request', message, options);
  }
  if (status === 401) return rejected(`refused the key (${status}). Check ${keyName}.`);
  if (status === 402) return rejected(`answered 402: the account of ${keyName} has no credit left.`);
  if (status === 404 || status === 405)
    return rejected(`does not have what was asked for (${status}). Check ${urlName}, ${choiceNames}.`);
  if (status >= 400 && status < 500 && status !== 408)
    return rejected(`refused the request (${status}). Check ${choiceNames}.`);
  return new AppError('upstream_failed', `${peer} failed (${status}).`, options);
}

/** Anything that is not an answer: no connection, or one that broke. */
export function brokenOff({ peer, urlName }: Peer, cause: unknown): unknown {
  if (cause instanceof AppError) return cause;
  const code = unreachableCode(cause);
  const what = code
    ? `cannot be reached (${code}). Check ${urlName} and the network.`
    : `cannot be reached, or broke off. Check ${urlName}.`;
  return new AppError('upstream_failed', `${peer} ${what}`, { cause });
}

/**
 * Refuses an answer that is not sound: a wrong base URL or a captive portal gives 200 with a page.
 *
 * @throws AppError `upstream_failed`
 */
export function assertAudio({ peer, urlName }: Peer, contentType: string | null | undefined): void {
  if (/^(?:audio\/|application\/octet-stream)/i.test(contentType ?? '')) return;
  throw new AppError('upstream_failed', `${peer} did not answer with audio. Check ${urlName}.`);
}
