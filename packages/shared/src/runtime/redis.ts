import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';
import { reconnectPolicy, retryDelayMs, type RetryPolicy } from './retry.ts';

/**
 * `commands`: fails fast when Redis is away, so that a request gets its 503 instead of hanging.
 * `blocking`: waits for ever, for consumers that block on purpose. `subscriber`: may only subscribe.
 */
export type RedisRole = 'commands' | 'blocking' | 'subscriber';

/**
 * A connection that owes an answer for so long is given up for a new one: a peer that went without a word is else noticed by the
 * kernel alone, after a quarter of an hour. Longer than a consumer blocks.
 */
const roleOptions = {
  commands: { maxRetriesPerRequest: 1, commandTimeout: 2_000, enableOfflineQueue: true, socketTimeout: 5_000 },
  blocking: { maxRetriesPerRequest: null, socketTimeout: 12_000 },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true },
} as const satisfies Record<RedisRole, RedisOptions>;

/** Many things wait for Redis, one after the other: each must be quick. */
const redisPolicy: RetryPolicy = { ...reconnectPolicy, maxDelayMs: 2_000 };

/** A client that reconnects for ever by {@link redisPolicy}; connection errors are logged once per outage. */
export function createRedis(url: string, role: RedisRole, logger: Logger): Redis {
  const redis = new Redis(url, {
    ...roleOptions[role],
    connectTimeout: 5_000,
    retryStrategy: (times) => retryDelayMs(redisPolicy, times),
  });
  let down = false;
  redis.on('error', (error: Error) => {
    if (!down) logger.warn({ err: error, role }, 'redis is away, reconnecting');
    down = true;
  });
  redis.on('ready', () => {
    if (down) logger.info({ role }, 'redis is back');
    down = false;
  });
  return redis;
}

/** Closes a client without waiting for a server that is gone. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await redis.quit().catch(() => redis.disconnect());
  else redis.disconnect();
}
