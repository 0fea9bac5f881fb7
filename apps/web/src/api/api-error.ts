/** Why a request did not succeed, in the words the page can act on. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status, or 0 when no answer came. */
  readonly status: number;
  /** Stable code of the problem body, `unreachable` without an answer, `unexpected` when the answer is not ours. */
  readonly code: string;
  /** Seconds the server asks to wait, when it says so. */
  readonly retryAfterS: number | null;

  constructor(options: {
    status: number;
    code: string;
    retryAfterS?: number | null;
    message: string;
    cause?: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.retryAfterS = options.retryAfterS ?? null;
  }
}

/** True for the error of an aborted request: somebody changed their mind, nothing failed. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
