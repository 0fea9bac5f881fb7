import { waitFor, type WaitOptions } from '@eloquence/testkit/wait-for';

/** What a busy machine of two cores may take for an answer that is there in half a second otherwise. */
const PATIENCE_MS = 15_000;

/** {@link waitFor} with patience for machines that speak, listen and transcribe at the same time. */
export function eventually<T>(condition: () => T | Promise<T>, options: WaitOptions = {}) {
  return waitFor(condition, { timeoutMs: PATIENCE_MS, ...options });
}
