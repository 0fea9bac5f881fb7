import type { SessionId } from '@eloquence/shared/contracts/ids';
import { randomText } from '@eloquence/shared/runtime/ids';
import { Lease } from '@eloquence/shared/runtime/lease';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Redis } from 'ioredis';

/** Sees to it that a model is asked the same thing once at a time: its answer is kept, and paid for, once. */
export interface RequestClaims {
  /**
   * Resolves once nobody else asks this. Dispose of it when the answer is kept, or there is none.
   *
   * @throws the reason of `signal`
   */
  claim(sessionId: SessionId, requestHash: string, signal: AbortSignal): Promise<AsyncDisposable>;
}

/** A worker that was killed holds others up for so long: below what it takes until its jobs are taken over. */
const TTL_MS = 3_000;

/** Claims that hold among all workers. Without Redis nobody waits: asking twice is better than not asking. */
export class RedisClaims implements RequestClaims {
  readonly #redis: Redis;
  readonly #logger: Logger;

  constructor(redis: Redis, logger: Logger) {
    this.#redis = redis;
    this.#logger = logger;
  }

  async claim(sessionId: SessionId, requestHash: string, signal: AbortSignal): Promise<AsyncDisposable> {
    const lease = new Lease({
      redis: this.#redis,
      key: `asking:${sessionId}:${requestHash}`,
      owner: randomText(12),
      ttlMs: TTL_MS,
      logger: this.#logger,
    });
    await lease.acquire({ forMs: Infinity, signal });
    return { [Symbol.asyncDispose]: () => lease.release() };
  }
}
