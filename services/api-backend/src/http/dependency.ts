import { AppError } from '@eloquence/shared/runtime/errors';

/** Who api-backend cannot work without. */
export type Dependency = 'Postgres' | 'Redis' | 'LiveKit';

/** Longest wait for one dependency: a caller gets its 503 within 3 s. */
export const DEPENDENCY_TIMEOUT_MS = 2_000;
const RETRY_AFTER_S = 2;

/** A 503 that names what is missing. */
function unavailable(dependency: Dependency, cause?: unknown): AppError {
  return new AppError('unavailable', `${dependency} cannot be reached at the moment; nothing was changed. Try again.`, {
    cause,
    retryAfterS: RETRY_AFTER_S,
  });
}

/**
 * The result of a call to a dependency, in time or not at all.
 *
 * @throws AppError `unavailable` when it did not answer within {@link DEPENDENCY_TIMEOUT_MS} or `isOutage` says so; other errors as they are
 */
export async function reachable<T>(
  dependency: Dependency,
  task: Promise<T>,
  isOutage: (error: unknown) => boolean = () => true,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable(dependency)), DEPENDENCY_TIMEOUT_MS);
  });
  try {
    return await Promise.race([task, deadline]);
  } catch (error) {
    if (error instanceof AppError || !isOutage(error)) throw error;
    throw unavailable(dependency, error);
  } finally {
    clearTimeout(timer);
  }
}

/** SQLSTATE classes that speak of the server's condition, not of the statement: connection, resources, operator, system. */
const OUTAGE_CLASSES = new Set(['08', '53', '57', '58']);

/** True when a Postgres error says the server is away, starting or stopping; false for a fault of the statement. */
export function isPostgresOutage(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code !== 'string' || code.length !== 5 || OUTAGE_CLASSES.has(code.slice(0, 2));
}

/**
 * SQLSTATE classes that speak of the values in a statement: data, constraints, size. Others (no table yet, a standby, a
 * deadlock) pass, however long that takes.
 */
const REFUSAL_CLASSES = new Set(['22', '23', '54']);

/** True when Postgres would refuse the same values again. */
export function isPostgresRefusal(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && code.length === 5 && REFUSAL_CLASSES.has(code.slice(0, 2));
}
