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

/** What the file system refuses for reasons a person can mend. @type {Record<string, string>} */
const FILE_FIXES = {
  ENOSPC: 'The disk is full: make room',
  EDQUOT: 'The disk quota is used up: make room',
  EROFS: 'The disk is read-only: use a folder that can be written',
  EACCES: 'This user may not write there: change its owner, or use another folder',
  EPERM: 'This user may not do that there: change its owner, or use another folder',
  EEXIST: 'There is a file where a folder has to be: remove it, or use another folder',
  ENOTDIR: 'There is a file where a folder has to be: remove it, or use another folder',
  EISDIR: 'There is a folder where a file has to be: remove it',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n)',
};

/**
 * @param {unknown} error
 * @returns {unknown} a {@link LauncherError} where the file system refused something, else the error as it is
 */
export function explained(error) {
  if (error instanceof LauncherError) return error;
  const { code, syscall } = /** @type {NodeJS.ErrnoException} */ (error ?? {});
  const fix = code === undefined || syscall === undefined ? undefined : FILE_FIXES[code];
  if (fix === undefined) return error;
  return new LauncherError(messageOf(error), {
    fix: `${fix} (ELOQUENCE_STATE_DIR chooses where data and logs are kept), then npm start again.`,
    cause: error,
  });
}
