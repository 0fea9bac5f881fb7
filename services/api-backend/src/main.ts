import { Lifecycle, handleSignals, start } from '@eloquence/shared/runtime/lifecycle';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { createPool, migrate } from '@eloquence/shared/runtime/postgres';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import { reconnectPolicy, retry } from '@eloquence/shared/runtime/retry';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { buildApp } from './app.ts';
import { loadConfig } from './config.ts';
import { adoptSessions } from './sessions/adopt-sessions.ts';
import { limiterRedis } from './http/rate-limit.ts';

/**
 * Starts api-backend. It listens at once and says 503 until Postgres is there and has its tables.
 *
 * Close order: no more requests are taken, event streams end, answers being written are finished, models that take longer are
 * stopped and their readers told so (all `app.close`; behind it nothing is put on an account) -> what models cost is written
 * -> reconciliation finishes its sweep -> migration retries stop -> Redis -> Postgres.
 */
start(async () => {
  const config = loadConfig();
  const logger = createLogger('api-backend', config.logLevel);
  const lifecycle = new Lifecycle(logger);
  handleSignals({ logger, lifecycle });

  const pool = createPool(config.databaseUrl, logger);
  lifecycle.onClose('postgres', () => pool.end());
  const redis = createRedis(config.redisUrl, 'commands', logger);
  const subscriber = createRedis(config.redisUrl, 'subscriber', logger);
  const limiter = limiterRedis(redis);
  lifecycle.onClose('redis', () => Promise.all([redis, subscriber, limiter].map(closeRedis)));

  const starting = new AbortController();
  let migrated = false;
  const prepare = async () => {
    await migrate(pool, logger);
    await adoptSessions(pool, config.http.apiKeys);
  };
  const migration = retry(prepare, {
    policy: reconnectPolicy,
    signal: starting.signal,
    onRetry: (error, failures) => logger.warn({ err: error, failures }, 'the database cannot be prepared yet'),
  });
  lifecycle.onClose('migration', async () => {
    starting.abort();
    await migration.catch(() => undefined);
  });

  const { server, reconciler, ledger } = await buildApp({
    config,
    logger,
    telemetry: new Telemetry(),
    pool,
    redis,
    subscriber,
    limiterRedis: limiter,
    isMigrated: () => migrated,
  });
  lifecycle.onClose('reconciliation', () => reconciler.close());
  lifecycle.onClose('usage', () => ledger.close());
  lifecycle.onClose('http', () => server.close());
  await server.listen({ host: config.http.bindAddress, port: config.http.port });
  logger.info({ port: config.http.port }, 'api-backend listens');

  void (async () => {
    try {
      await migration;
      migrated = true;
      reconciler.start();
    } catch (error) {
      logger.debug({ err: error }, 'stopped before the database was prepared');
    }
  })();
});
