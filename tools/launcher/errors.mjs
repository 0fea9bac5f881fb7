/**
 * A failure the person at the terminal can mend: what went wrong, and what to do about it.
 * Everything else that is thrown is a defect of the launcher and keeps its stack trace.
 */
export class LauncherError extends Error {
  /**
   * @param {string} message What happened, in one line.
   * @param {{fix?: string | undefined, logFile?: string | undefined, logOffset?: number, exitCode?: number | null, cause?: unknown}} [details]
   */
  constructor(message, details = {}) {
    super(message, { cause: details.cause });
    this.name = 'LauncherError';
    /** The sentence that says what to do. */
    this.fix = details.fix;
    /** The log that explains the failure. */
    this.logFile = details.logFile;
    /** Where in that log the failed run begins, in bytes. */
    this.logOffset = details.logOffset ?? 0;
    /** Exit code of the program that failed, where one did. */
    this.exitCode = details.exitCode;
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
