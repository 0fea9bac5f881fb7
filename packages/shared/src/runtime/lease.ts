import type { Redis } from 'ioredis';
import { delay } from './abort.ts';
import type { Logger } from './logger.ts';

const POLL_MS = 100;

/** KEYS: lease · ARGV: owner. Gives 1 when the owner held it. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** Gives an owner's lease back; true when the owner held it until now. */
export async function releaseLease(redis: Redis, key: string, owner: string): Promise<boolean> {
  return (await redis.eval(RELEASE, 1, key, owner)) === 1;
}

export interface LeaseOptions {
  /** A `commands` client. */
  readonly redis: Redis;
  /** Key in Redis; its value is the owner. */
  readonly key: string;
  readonly owner: string;
  /** So long after the owner's last sign of life it is free. */
  readonly ttlMs: number;
  readonly logger: Logger;
  /** Another owner has it now; called once. */
  readonly onLost?: () => void;
}

/**
 * The right to be the only one who does something, in any process. Renewed until it is given back, so that it outlives neither a
 * crash nor slow work. Without Redis nobody can be asked, and everybody is let through: what must never happen twice needs more.
 */
export class Lease {
  readonly #options: LeaseOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /**
   * @param wait.forMs how long to wait for another owner
   * @returns false when another owner keeps it
   * @throws the reason of `wait.signal`
   */
  async acquire(wait: { readonly forMs: number; readonly signal?: AbortSignal }): Promise<boolean> {
    const deadline = performance.now() + wait.forMs;
    while (!(await this.#take())) {
      if (performance.now() >= deadline) return false;
      await delay(POLL_MS, wait.signal);
    }
    this.#timer = setInterval(() => void this.#renew(), this.#options.ttlMs / 3);
    return true;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    const { redis, key, owner, logger } = this.#options;
    // What cannot be given back expires.
    await releaseLease(redis, key, owner).catch((error: unknown) => logger.debug({ err: error }, 'lease kept'));
  }

  async #renew(): Promise<void> {
    if (await this.#take()) return;
    clearInterval(this.#timer);
    this.#options.onLost?.();
  }

  /** False only when another owner holds the lease. */
  async #take(): Promise<boolean> {
    const { redis, key, owner, ttlMs, logger } = this.#options;
    try {
      const holder = await redis.set(key, owner, 'PX', ttlMs, 'NX', 'GET');
      if (holder === owner) await redis.pexpire(key, ttlMs);
      return holder === null || holder === owner;
    } catch (error) {
      logger.debug({ err: error }, 'the lease cannot be asked for');
      return true;
    }
  }
}
