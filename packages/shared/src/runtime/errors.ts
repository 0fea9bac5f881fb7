import { errorCodes, type ErrorCode, type Fault, type Problem } from '../contracts/errors.ts';

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Seconds the caller should wait; sent as Retry-After. */
  readonly retryAfterS?: number;
  /** What exactly is wrong, member by member. */
  readonly issues?: readonly { path: string; message: string }[];
}

/**
 * The one error our code throws on purpose. The message is a sentence a caller may read: it names the fix where there is
 * one and holds no secret and no spoken word. Anything else that is thrown is a bug of ours and becomes `internal`.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryAfterS: number | undefined;
  readonly issues: readonly { path: string; message: string }[] | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterS = options.retryAfterS;
    this.issues = options.issues;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get fault(): Fault {
    return errorCodes[this.code].fault;
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }

  /** The error as it is, or wrapped as `internal` with the original as `cause`. */
  static from(thrown: unknown): AppError {
    if (thrown instanceof AppError) return thrown;
    return new AppError('internal', 'Something failed on our side. The log has the cause.', { cause: thrown });
  }
}

/** The RFC 9457 body of an error. Above 499 of our own making nothing but the code's sentence leaves. */
export function toProblem(error: AppError, requestId?: string): Problem {
  const entry = errorCodes[error.code];
  return {
    type: `https://eloquence.dev/problems/${error.code}`,
    title: entry.title,
    status: entry.status,
    detail: error.message,
    code: error.code,
    fault: entry.fault,
    retryable: entry.retryable,
    ...(error.retryAfterS !== undefined && { retry_after_s: error.retryAfterS }),
    ...(error.issues && { issues: [...error.issues] }),
    ...(requestId && { request_id: requestId }),
    error: {
      message: error.message,
      type: openAiTypeOf(entry),
      code: error.code,
      param: error.issues?.[0]?.path ?? null,
    },
  };
}

/** Names that OpenAI's own clients know. */
function openAiTypeOf({ status, fault }: (typeof errorCodes)[ErrorCode]): string {
  if (status === 429) return 'rate_limit_error';
  return fault === 'caller' ? 'invalid_request_error' : 'server_error';
}

/** True for the error an aborted signal makes: expected, never retried, never logged as an error. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError');
}
