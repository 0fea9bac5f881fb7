import { jobCatalogue, QUEUE_NAME, type JobName, type JobPayload } from '@eloquence/shared/contracts/jobs';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';

/** Which of a job's attempts it is. */
export interface JobAttempt {
  /** Nobody tries again by itself. */
  readonly isLast: boolean;
  /** Since the job was put on the queue, ms. */
  readonly ageMs: number;
}

/** Exactly one handler per job of the catalogue. */
export type JobHandlers = {
  readonly [N in JobName]: (payload: JobPayload<N>, signal: AbortSignal, attempt: JobAttempt) => Promise<void>;
};

export interface JobWorkerOptions {
  /** A `blocking` client. */
  readonly redis: Redis;
  readonly handlers: JobHandlers;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

/** A job of a killed worker goes on within the sum of both and one more check; with BullMQ's own 30 s it would wait a minute. */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 1_500;
/** Below what closing allows for one step. */
const LEAVE_MS = 4_000;
const MAX_STALLED = 100;
/** Most of a job is waiting for a model: a meeting must not wait for another's. */
const CONCURRENCY = 12;

/** Runs the jobs of the catalogue. What is stored of a failure is its code, because messages may quote what was said. */
export class JobWorker {
  readonly #options: JobWorkerOptions;
  readonly #worker: Worker;
  readonly #stopping = new AbortController();
  #taken = 0;
  #atWork = 0;
  #isStopped = false;

  constructor(options: JobWorkerOptions) {
    this.#options = options;
    this.#worker = new Worker(QUEUE_NAME, (job: Job<unknown>) => this.#run(job), {
      connection: options.redis,
      autorun: false,
      concurrency: CONCURRENCY,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLED,
      skipVersionCheck: true,
    });
    // Redis' own client reports outages; without a listener they would end the process.
    this.#worker.on('error', () => undefined);
  }

  /** Takes jobs until it is stopped. @throws AppError `internal` when that ends by itself */
  async run(): Promise<void> {
    await this.#worker.run();
    if (!this.#isStopped) throw new AppError('internal', 'The loop that takes jobs has ended by itself.');
  }

  /** Jobs taken so far; full: as many are at work as may be. */
  get progress(): { readonly taken: number; readonly isFull: boolean } {
    return { taken: this.#taken, isFull: this.#atWork >= CONCURRENCY };
  }

  /** Takes no more jobs and waits for those at work; those that take long (a model is writing) are left to the next worker. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const timer = setTimeout(() => this.#stopping.abort(), LEAVE_MS);
    await this.#worker.close();
    clearTimeout(timer);
  }

  async #run(job: Job<unknown>): Promise<void> {
    const { logger, telemetry } = this.#options;
    const name = job.name in jobCatalogue ? (job.name as JobName) : undefined;
    const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    this.#taken += 1;
    this.#atWork += 1;
    try {
      if (!name) throw new UnrecoverableError('unknown_job');
      await this.#handle(name, job.data, { isLast, ageMs: Date.now() - job.timestamp });
      telemetry.count('eloquence_jobs_total', { name, outcome: 'completed' });
    } catch (error) {
      const final = error instanceof UnrecoverableError || isLast;
      telemetry.count('eloquence_jobs_total', { name: name ?? 'unknown', outcome: final ? 'failed' : 'retried' });
      logger.warn({ err: error, job: job.name, jobId: job.id, final }, 'a job failed');
      throw error instanceof UnrecoverableError ? error : new Error(codeOf(error));
    } finally {
      this.#atWork -= 1;
    }
  }

  async #handle(name: JobName, data: unknown, attempt: JobAttempt): Promise<void> {
    const { schema, timeoutMs } = jobCatalogue[name];
    const parsed = schema.safeParse(data);
    if (!parsed.success) throw new UnrecoverableError('invalid_payload');
    using abort = new ChildAbort(this.#stopping.signal, { timeoutMs });
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(new AppError('unavailable', `The job was stopped, or took over ${timeoutMs} ms.`));
      abort.signal.addEventListener('abort', fail, { once: true });
    });
    // The compiler does not see that schema and handler are of the same name.
    const handler = this.#options.handlers[name] as (
      payload: unknown,
      signal: AbortSignal,
      attempt: JobAttempt,
    ) => Promise<void>;
    await Promise.race([handler(parsed.data, abort.signal, attempt), late]);
  }
}

/** Our code, else that of Postgres, Redis or the system, else the kind of error. */
function codeOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
