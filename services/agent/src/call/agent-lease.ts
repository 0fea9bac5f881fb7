import { AGENT_LEASE_MS, eventKeys } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { delay } from '@eloquence/shared/runtime/abort';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Redis } from 'ioredis';

/** A job that takes over from one that is just closing waits so long for it. */
const HANDOVER_MS = 3_000;
const HANDOVER_POLL_MS = 100;

/** KEYS: lease · ARGV: job id. Gives 1 when the job held it. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** Gives a job's lease back; true when the job held it until now. */
export async function releaseLease(redis: Redis, sessionId: SessionId, jobId: string): Promise<boolean> {
  return (await redis.eval(RELEASE, 1, eventKeys.agent(sessionId), jobId)) === 1;
}

export interface AgentLeaseOptions {
  readonly redis: Redis;
  readonly sessionId: SessionId;
  readonly jobId: string;
  readonly logger: Logger;
  /** Another job attends the session now: this one has to leave. */
  readonly onLost: () => void;
}

/**
 * The right to be the one agent of a session. LiveKit cannot give it: a dispatch withdrawn too late still starts its job. Held
 * until the last event is written, so api-backend knows when `session.ended` may follow. Without Redis nobody can be asked, and
 * the call goes on.
 */
export class AgentLease {
  readonly #options: AgentLeaseOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AgentLeaseOptions) {
    this.#options = options;
  }

  /** @returns false when another agent attends the session and stays */
  async acquire(): Promise<boolean> {
    const deadline = performance.now() + HANDOVER_MS;
    while (!(await this.#take())) {
      if (performance.now() > deadline) return false;
      await delay(HANDOVER_POLL_MS);
    }
    this.#timer = setInterval(() => void this.#renew(), AGENT_LEASE_MS / 3);
    return true;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    const { redis, sessionId, jobId, logger } = this.#options;
    // What cannot be given back expires.
    await releaseLease(redis, sessionId, jobId).catch((error: unknown) => logger.debug({ err: error }, 'lease kept'));
  }

  async #renew(): Promise<void> {
    if (await this.#take()) return;
    clearInterval(this.#timer);
    this.#options.onLost();
  }

  /** False only when another job holds the lease. */
  async #take(): Promise<boolean> {
    const { redis, sessionId, jobId, logger } = this.#options;
    const key = eventKeys.agent(sessionId);
    try {
      const holder = await redis.set(key, jobId, 'PX', AGENT_LEASE_MS, 'NX', 'GET');
      if (holder === jobId) await redis.pexpire(key, AGENT_LEASE_MS);
      return holder === null || holder === jobId;
    } catch (error) {
      logger.debug({ err: error }, 'the lease cannot be asked for');
      return true;
    }
  }
}
