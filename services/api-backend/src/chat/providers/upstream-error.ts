import { AppError } from '@eloquence/shared/runtime/errors';
import { retryAfterSeconds } from '@eloquence/shared/runtime/retry-after';
import { unreachableCode } from '@eloquence/shared/runtime/unreachable';

/** Seconds to wait when a vendor that is out of quota does not say. */
const DEFAULT_RETRY_AFTER_S = 5;

/** Who a provider is to the person who set it up: its name in sentences ("Mistral"), and the settings to check. */
export interface Peer {
  readonly peer: string;
  /** Absent where it takes no key. */
  readonly keyName?: string;
  readonly urlName: string;
  readonly modelName: string;
}

export interface UpstreamFault {
  readonly peer: Peer;
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

/** Names of a model that is not there, or not for this key: some vendors give them with 403 or 400. */
const MODEL_CODES = new Set([
  'model_not_found',
  'invalid_model',
  'model_not_active',
  'model_decommissioned',
  'model_terms_required',
  'model_permission_blocked_org',
  'model_permission_blocked_project',
]);

const FILTER_CODES = new Set(['content_filter', 'content_policy_violation', 'ResponsibleAIPolicyViolation']);

/** A vendor's refusal as our error: the one place that decides whose fault it is and whether to ask again. */
export function statusError(fault: UpstreamFault): AppError {
  const { cause, peer: names } = fault;
  const { peer } = names;
  const codes = (fault.codes ?? []).filter((code) => typeof code === 'string');
  const status = fault.status ?? statusOf(fault.codes ?? []);
  if (status === undefined) return brokenOff(names, cause);
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
  if (status === 404 || (status < 500 && status !== 401 && codes.some((code) => MODEL_CODES.has(code))))
    return new AppError(
      'unknown_model',
      `${peer} does not have this model, or is not at this address. Check ${names.urlName} and ${names.modelName}.`,
      { cause },
    );
  return byStatus(status, fault);
}

function byStatus(status: number, { peer: names, retryAfter, cause }: UpstreamFault): AppError {
  const { peer, keyName, urlName } = names;
  if (status === 429) {
    const retryAfterS = retryAfterSeconds(retryAfter) ?? DEFAULT_RETRY_AFTER_S;
    return new AppError('rate_limited', `${peer} takes no more requests for ${retryAfterS} s.`, { cause, retryAfterS });
  }
  if (status === 401 || status === 403)
    return new AppError('upstream_rejected', `${peer} refused the key. Check ${keyName ?? urlName}.`, { cause });
  if (status >= 400 && status < 500 && status !== 408)
    return new AppError('invalid_request', `${peer} refused the request (${status}).`, { cause });
  if (status < 400) return brokenOff(names, cause);
  const retryAfterS = retryAfterSeconds(retryAfter);
  const state = status === 529 || status === 503 ? 'is overloaded' : 'failed';
  return new AppError('upstream_failed', `${peer} ${state} (${status}).`, {
    cause,
    ...(retryAfterS !== undefined && { retryAfterS }),
  });
}

/** No connection, a connection that broke, or an answer that is not of the wire. */
export function brokenOff({ peer, urlName }: Peer, cause?: unknown): AppError {
  const code = unreachableCode(cause);
  const what = code
    ? `cannot be reached (${code}). Check ${urlName} and the network.`
    : `broke off, or does not speak its wire. Check ${urlName}.`;
  return new AppError('upstream_failed', `${peer} ${what}`, cause === undefined ? {} : { cause });
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
