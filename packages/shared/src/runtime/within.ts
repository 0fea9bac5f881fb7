import type { ChildAbort } from './abort.ts';

export interface WithinOptions {
  readonly timeoutMs: number;
  /** Aborted when time is up, so that what is waited for ends. */
  readonly abort: ChildAbort;
  /** The error for being late; the interrupted work's own becomes its cause. */
  readonly late: (cause: unknown) => Error;
}

/** Waits for `pending` at most so long. Unlike a race it ends only when the work has ended, so nothing is left running. */
export async function within<T>(pending: Promise<T>, { timeoutMs, abort, late }: WithinOptions): Promise<T> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    abort.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'));
  }, timeoutMs);
  try {
    return await pending;
  } catch (error) {
    throw isLate ? late(error) : error;
  } finally {
    clearTimeout(timer);
  }
}
