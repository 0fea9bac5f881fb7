import { delay } from './abort.ts';
import { isAbort } from './errors.ts';

/** A retry policy as data. Delay before try n (from 1) = min(maxDelayMs, firstDelayMs * factor^(n-1)), less up to `jitter` of it. */
export interface RetryPolicy {
  /** Tries in all; Infinity = until the signal aborts. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  /** 0..1: share of the delay that is random, so that many clients do not come back at once. */
  readonly jitter: number;
}

export const reconnectPolicy: RetryPolicy = {
  attempts: Infinity,
  firstDelayMs: 100,
  factor: 2,
  maxDelayMs: 5_000,
  jitter: 0.3,
};

/** Delay in ms before the retry that follows failure number `failures` (from 1). */
export function retryDelayMs(policy: RetryPolicy, failures: number, random: () => number = Math.random): number {
  const full = Math.min(policy.maxDelayMs, policy.firstDelayMs * policy.factor ** (failures - 1));
  return full * (1 - policy.jitter * random());
}

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly signal?: AbortSignal;
  /** Which errors are worth another try; default: all but aborts. */
  readonly retryable?: (error: unknown) => boolean;
  readonly onRetry?: (error: unknown, failures: number) => void;
}

/** Calls `task` until it succeeds, the policy is used up, or the signal aborts. The loop that retries exists once: here. */
export async function retry<T>(task: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { policy, signal, retryable = () => true, onRetry } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await task(attempt);
    } catch (error) {
      if (signal?.aborted || isAbort(error) || attempt >= policy.attempts || !retryable(error)) throw error;
      onRetry?.(error, attempt);
      await delay(retryDelayMs(policy, attempt), signal);
    }
  }
}
