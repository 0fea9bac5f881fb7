import { AppError } from '@eloquence/shared/runtime/errors';

/** Seconds to wait when a vendor that is out of quota does not say. */
const DEFAULT_RETRY_AFTER_S = 5;

export interface UpstreamFault {
  /** Who answered, for messages: "Mistral". */
  readonly peer: string;
  /** What to check when the key is refused or the address is wrong. */
  readonly settings: string;
  /** HTTP status; absent for an error that came inside a stream. */
  readonly status?: number | undefined;
  readonly retryAfter?: string | null | undefined;
  /** The vendor's stable names of the error, such as `context_length_exceeded` or `overloaded_error`. */
  readonly codes?: readonly unknown[];
  /** The vendor's own sentence. It may quote the prompt: it is only looked at, never handed on. */
  readonly text?: string | undefined;
  readonly cause?: unknown;
}

/** What error names inside a stream would have been as a status. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  model_not_found: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  invalid_request_error: 400,
  BadRequestError: 400,
  api_error: 500,
  server_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Names of an account without money: waiting does not help. */
const BILLING = new Set([
  'insufficient_quota',
  'billing_error',
  'billing_not_active',
  'billing_hard_limit_reached',
  'enforced_spend_limit_reached',
  'contract_spend_limit_reached',
]);

const TOO_LONG_CODES = new Set(['context_length_exceeded', 'request_too_large', 'string_above_max_length']);
/** vLLM, Mistral and Anthropic say it in words only. */
const TOO_LONG_TEXT = /context[ _](?:length|window)|prompt is too long|too large for model|maximum context/i;

const FILTER_CODES = new Set(['content_filter', 'content_policy_violation', 'ResponsibleAIPolicyViolation']);

/** A vendor's refusal as our error: the one place that decides whose fault it is and whether to ask again. */
export function statusError(fault: UpstreamFault): AppError {
  const { peer, settings, cause } = fault;
  const codes = (fault.codes ?? []).filter((code) => typeof code === 'string');
  const status = fault.status ?? statusOf(fault.codes ?? []);
  if (status === undefined) return brokenOff(peer, settings, cause);
  if (status === 402 || codes.some((code) => BILLING.has(code)))
    return new AppError('upstream_rejected', `${peer} says that the account has no credit left. Check its billing.`, {
      cause,
    });
  if (status === 413 || (status < 500 && isTooLong(codes, fault.text)))
    return new AppError('payload_too_large', `The conversation is longer than ${peer}'s model can read. Shorten it.`, {
      cause,
    });
  if (codes.some((code) => FILTER_CODES.has(code)))
    return new AppError('invalid_request', `${peer}'s content filter refused the conversation.`, { cause });
  return byStatus(status, fault);
}

function byStatus(status: number, { peer, settings, retryAfter, cause }: UpstreamFault): AppError {
  if (status === 429) {
    const retryAfterS = secondsOf(retryAfter) ?? DEFAULT_RETRY_AFTER_S;
    return new AppError('rate_limited', `${peer} takes no more requests for ${retryAfterS} s.`, { cause, retryAfterS });
  }
  if (status === 401 || status === 403)
    return new AppError('upstream_rejected', `${peer} refused the key. Check ${settings}.`, { cause });
  if (status === 404)
    return new AppError(
      'unknown_model',
      `${peer} does not know this model, or is not at this address. Check ${settings}.`,
      { cause },
    );
  if (status >= 400 && status < 500 && status !== 408)
    return new AppError('invalid_request', `${peer} refused the request (${status}).`, { cause });
  if (status < 400) return brokenOff(peer, settings, cause);
  const retryAfterS = secondsOf(retryAfter);
  const state = status === 529 || status === 503 ? 'is overloaded' : 'failed';
  return new AppError('upstream_failed', `${peer} ${state} (${status}).`, {
    cause,
    ...(retryAfterS !== undefined && { retryAfterS }),
  });
}

/** No connection, a connection that broke, or an answer that is not of the wire. */
export function brokenOff(peer: string, settings: string, cause?: unknown): AppError {
  return new AppError(
    'upstream_failed',
    `${peer} cannot be reached, broke off, or does not speak its wire. Check ${settings}.`,
    cause === undefined ? {} : { cause },
  );
}

function isTooLong(codes: readonly string[], text: string | undefined): boolean {
  return codes.some((code) => TOO_LONG_CODES.has(code)) || (text !== undefined && TOO_LONG_TEXT.test(text));
}

/** vLLM writes the status where others write a name. */
function statusOf(codes: readonly unknown[]): number | undefined {
  for (const code of codes) {
    if (typeof code === 'number' && code >= 400 && code < 600) return code;
    const known = typeof code === 'string' ? STATUS_OF_CODE[code] : undefined;
    if (known !== undefined) return known;
  }
  return undefined;
}

/** `Retry-After`: seconds, or a date. */
function secondsOf(value: string | null | undefined): number | undefined {
  if (!value) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds > 0 ? seconds : undefined;
  const untilMs = Date.parse(value) - Date.now();
  return untilMs > 0 ? Math.ceil(untilMs / 1000) : undefined;
}
