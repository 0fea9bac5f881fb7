import { ConfigError } from '@eloquence/shared/runtime/config';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { reconnectPolicy, retry } from '@eloquence/shared/runtime/retry';
import type { Redis } from 'ioredis';

/**
 * Waits for Redis and looks how it deals with a full memory: one that evicts would throw away jobs, and events that Postgres does
 * not have.
 *
 * @throws ConfigError for any policy but `noeviction`
 */
export async function refuseEviction(redis: Redis, logger: Logger, signal: AbortSignal): Promise<void> {
  const info = await retry(() => redis.info('memory'), { policy: reconnectPolicy, signal }).catch((error: unknown) => {
    if (signal.aborted) return '';
    throw error;
  });
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === undefined) logger.warn('redis does not say what it does when its memory is full: it must not evict');
  if (policy === undefined || policy === 'noeviction') return;
  throw new ConfigError(
    `The settings are not usable:\n  REDIS_URL: this Redis evicts keys when its memory is full (maxmemory-policy ${policy}), and events and jobs ` +
      'would be lost: set "maxmemory-policy noeviction" in redis.conf, or run `redis-cli config set maxmemory-policy noeviction`',
  );
}
