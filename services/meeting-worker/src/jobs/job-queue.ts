import { jobCatalogue, QUEUE_NAME, type JobName, type JobPayload } from '@eloquence/shared/contracts/jobs';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Failed jobs are kept for a person to look at: code and ids, never text. */
const KEEP_FAILED = 1_000;

/** Puts jobs of the catalogue on the queue. */
export class JobQueue {
  readonly #queue: Queue;

  /** @param redis a `commands` client: adding a job fails fast when Redis is away */
  constructor(redis: Redis) {
    this.#queue = new Queue(QUEUE_NAME, { connection: redis, skipVersionCheck: true });
    // Redis' own client reports outages.
    this.#queue.on('error', () => undefined);
  }

  /**
   * Adds a job unless one with this id waits or runs; one that had failed for good is tried again.
   *
   * @param id identity of the work, `<name>-<what it is about>`
   */
  async add<N extends JobName>(name: N, id: string, payload: JobPayload<N>): Promise<void> {
    const { attempts, backoffMs } = jobCatalogue[name];
    const job = await this.#queue.add(name, payload, {
      jobId: id,
      attempts,
      backoff: { type: 'exponential', delay: backoffMs },
      removeOnComplete: true,
      removeOnFail: { count: KEEP_FAILED },
    });
    // BullMQ silently ignores an id it knows, failed jobs included.
    if ((await job.getState()) === 'failed') await job.retry('failed', { resetAttemptsMade: true });
  }

  /** How many jobs wait to be taken. */
  async due(): Promise<number> {
    const { wait = 0 } = await this.#queue.getJobCounts('wait');
    return wait + (await this.#queue.getDelayedCount(Date.now()));
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}
