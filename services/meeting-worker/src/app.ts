import type { JobPayload } from '@eloquence/shared/contracts/jobs';
import { randomText } from '@eloquence/shared/runtime/ids';
import type { Lifecycle } from '@eloquence/shared/runtime/lifecycle';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { createPool, migrate, type Pool } from '@eloquence/shared/runtime/postgres';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import { reconnectPolicy, retry } from '@eloquence/shared/runtime/retry';
import { createService, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { WorkerConfig } from './config.ts';
import { HttpModelClient } from './llm/http-model-client.ts';
import { PostgresAnswers } from './llm/answer-store.ts';
import { RedisClaims } from './llm/request-claims.ts';
import { createMeetings } from './meetings/create-meetings.ts';
import { createRenderer } from './render/create-renderer.ts';
import type { Renderer } from './render/renderer.ts';
import { closeSession } from './jobs/close-session.ts';
import { JobQueue } from './jobs/job-queue.ts';
import { JobWatch } from './jobs/job-watch.ts';
import { JobWorker } from './jobs/job-worker.ts';
import { refuseEviction } from './jobs/refuse-eviction.ts';
import { EventStore } from './persist/event-store.ts';
import { EventStreams } from './persist/event-streams.ts';
import { Persister } from './persist/persister.ts';

export interface AppOptions {
  readonly config: WorkerConfig;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly lifecycle: Lifecycle;
  /** Entries a dead worker left are taken over after so long. */
  readonly claimIdleMs?: number;
  /** Whether jobs are taken is looked at this often. */
  readonly jobLookMs?: number;
  readonly renderer?: Renderer;
}

export interface App {
  readonly service: Service;
  /** Migrates and begins to work; resolves when both have happened, however long Redis or Postgres stay away. */
  readonly run: () => Promise<void>;
}

const BATCH_SIZE = 200;
/** Sessions that are copied, meetings that are looked at (two each), jobs that read or commit, readiness. */
const POOL_SIZE = 20;
const CLAIM_IDLE_MS = 5_000;

/**
 * Builds the worker. Closing is in the reverse order of what is registered here (tested):
 * persister (takes no more, finishes batches) -> meetings (finishes what it looks at) -> job worker (finishes jobs) -> job queue -> Redis clients -> Postgres -> HTTP,
 * so that nothing writes through a connection that is gone, and health answers to the end.
 */
export function buildApp(options: AppOptions): App {
  const { config, logger, telemetry, lifecycle } = options;
  const stopping = new AbortController();
  const pool = createPool(config.databaseUrl, logger, { max: POOL_SIZE });
  const commands = createRedis(config.redisUrl, 'commands', logger);
  const blocking = createRedis(config.redisUrl, 'blocking', logger);
  const subscriber = createRedis(config.redisUrl, 'subscriber', logger);
  const store = new EventStore(pool);
  const streams = new EventStreams(commands, {
    consumer: `worker-${randomText(12)}`,
    batchSize: BATCH_SIZE,
    claimIdleMs: options.claimIdleMs ?? CLAIM_IDLE_MS,
  });
  const queue = new JobQueue(commands);
  const meetings = createMeetings({
    pool,
    redis: commands,
    queue,
    model: new HttpModelClient({
      ...config.api,
      answers: new PostgresAnswers(pool),
      claims: new RedisClaims(commands, logger),
    }),
    renderer: options.renderer ?? createRenderer(),
    filesRoot: config.meetingsDir,
    logger,
    telemetry,
  });
  const close = async ({ session_id: sessionId }: JobPayload<'close_session'>) => {
    await closeSession(sessionId, { streams, store });
    await meetings.forget(sessionId);
  };
  const handlers = { close_session: close, ...meetings.handlers };
  const worker = new JobWorker({ redis: blocking, handlers, logger, telemetry });
  const watch = new JobWatch({ queue, worker, lookMs: options.jobLookMs });
  const onEnded = (sessionId: string) =>
    queue.add('close_session', `close_session-${sessionId}`, { session_id: sessionId });
  const onMeeting = meetings.sweeper.notice;
  const persister = new Persister({ streams, store, subscriber, onEnded, onMeeting, logger, telemetry });
  let migrated = false;
  const service = createService({
    service: 'meeting-worker',
    logger,
    telemetry,
    readiness: [
      { name: 'redis', check: async () => void (await commands.ping()) },
      { name: 'postgres', check: () => checkPostgres(pool, migrated) },
      { name: 'jobs', check: async () => watch.check() },
    ],
  });
  lifecycle.onClose('http server', () => service.close());
  lifecycle.onClose('postgres', () => pool.end());
  lifecycle.onClose('redis', () => Promise.all([commands, blocking, subscriber].map(closeRedis)));
  lifecycle.onClose('job queue', () => queue.close());
  lifecycle.onClose('job worker', () => worker.stop());
  lifecycle.onClose('meetings', () => meetings.sweeper.stop());
  lifecycle.onClose('persister', () => persister.stop());
  lifecycle.onClose('start-up', () => stopping.abort());
  const run = async () => {
    await migrateWhenPossible(pool, logger, stopping.signal);
    migrated = !stopping.signal.aborted;
    await refuseEviction(commands, logger, stopping.signal);
    if (stopping.signal.aborted) return;
    persister.start();
    meetings.sweeper.start();
    // When this fails nobody can mend it: like any error that nobody catches it closes and ends the process.
    void watch.run();
  };
  return { service, run };
}

async function checkPostgres(pool: Pool, migrated: boolean): Promise<void> {
  await pool.query('select 1');
  if (!migrated) throw new Error('migrations are not done yet');
}

/** Resolves also when the process is told to stop first. */
async function migrateWhenPossible(pool: Pool, logger: Logger, signal: AbortSignal): Promise<void> {
  let reported = false;
  const onRetry = (error: unknown) => {
    if (!reported) logger.warn({ err: error }, 'postgres is away, waiting for it');
    reported = true;
  };
  await retry(() => migrate(pool, logger), { policy: reconnectPolicy, signal, onRetry }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
