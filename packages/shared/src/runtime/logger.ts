import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger };

/** Errors carry messages that may quote a request, so only name, code and stack position are kept of foreign ones. */
function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, retryable } = error as Error & { code?: unknown; retryable?: unknown };
  const ours = error.name === 'AppError' || error.name === 'ConfigError';
  return {
    name: error.name,
    ...(code !== undefined && { code }),
    ...(retryable !== undefined && { retryable }),
    // A stack's first lines repeat the message; frames alone say where.
    at: error.stack
      ?.split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 6),
    ...(ours && { message: error.message }),
    ...(error.cause !== undefined && { cause: serializeError(error.cause) }),
  };
}

/**
 * JSON lines on stdout. Spoken words and secrets never reach it: callers log ids and numbers, and `err` is reduced to
 * its name, code and stack frames, because foreign messages may quote what was said.
 *
 * @param destination where lines go; default stdout
 */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError },
  };
  return destination ? pino(options, destination) : pino(options);
}
