import { acceptedSchema } from '@eloquence/shared/contracts/dispatch';
import { eventKeys } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { releaseLease } from '@eloquence/shared/runtime/lease';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { retry, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import type { Redis } from 'ioredis';
import type { AgentConfig } from '../config.ts';

/** A job in a child process. */
export interface RunningJob {
  readonly jobId: string;
  /** Its participant in the room. */
  readonly identity: string;
  readonly sessionId: SessionId;
}

export interface LostJobsOptions {
  readonly config: AgentConfig;
  readonly redis: Redis;
  readonly logger: Logger;
  readonly running: () => readonly RunningJob[];
}

/** The library tells nobody of a dead child, it only takes it off its list. */
const LOOK_EVERY_MS = 300;
const reportPolicy: RetryPolicy = { attempts: 4, firstDelayMs: 200, factor: 2, maxDelayMs: 1_000, jitter: 0.3 };

/**
 * Notices children that died (killed, crashed, out of memory) and has api-backend send another agent at once: LiveKit itself
 * takes 15 to 20 s to miss the participant. A job that ended as it should has given its lease back; one that died has not.
 */
export class LostJobs {
  readonly #options: LostJobsOptions;
  #known: readonly RunningJob[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LostJobsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  /** Stops after a last look: closing may have had to kill children. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.look();
  }

  async look(): Promise<void> {
    const before = this.#known;
    this.#known = this.#options.running();
    const alive = new Set(this.#known.map(({ jobId }) => jobId));
    await Promise.all(before.filter(({ jobId }) => !alive.has(jobId)).map((job) => this.#ended(job)));
  }

  async #ended({ jobId, identity, sessionId }: RunningJob): Promise<void> {
    const { config, redis, logger } = this.#options;
    const log = logger.child({ job_id: jobId, session_id: sessionId });
    try {
      if (!(await releaseLease(redis, eventKeys.agent(sessionId), jobId))) return;
      log.error('a job died without closing, another agent is sent for');
      const url = `${config.apiUrl}/internal/sessions/${sessionId}/lost-agent`;
      const key = config.internalApiKey;
      const request = {
        url,
        key,
        peer: 'api-backend',
        schema: acceptedSchema,
        method: 'POST',
        body: { identity },
      } as const;
      await retry(() => requestJson(request), { policy: reportPolicy });
    } catch (error) {
      // LiveKit notices too, later.
      log.warn({ err: error }, 'a dead job could not be reported');
    }
  }
}
