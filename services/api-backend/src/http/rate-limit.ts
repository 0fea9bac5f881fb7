import rateLimit from '@fastify/rate-limit';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import type { Redis } from 'ioredis';
import { tenantOf } from './auth.ts';

/** Sessions one key (or, without keys, one address) may open per minute. */
const SESSIONS_PER_MINUTE = 30;

/** Route configuration of whatever opens a session. */
export const opensSession = { rateLimit: { max: SESSIONS_PER_MINUTE, timeWindow: 60_000, groupId: 'open-session' } };

/** Recordings one key or address may send per minute: six senders of two tracks in pieces of 10 s, and as many again. */
const RECORDINGS_PER_MINUTE = 600;

/** Route configuration of whatever takes sound. */
export const sendsSound = { rateLimit: { max: RECORDINGS_PER_MINUTE, timeWindow: 60_000, groupId: 'send-sound' } };

/**
 * Counts in Redis, so that all instances share the limit; a Redis that is away is no reason to refuse.
 * `redis` should fail at once when it is not connected (see {@link limiterRedis}).
 */
export async function registerRateLimit(app: Service, redis: Redis): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    redis,
    nameSpace: 'rate:',
    skipOnError: true,
    hook: 'preValidation',
    keyGenerator: (request) => {
      const tenant = tenantOf(request);
      return tenant === 'local' ? request.ip : tenant;
    },
    errorResponseBuilder: (_request, { max, ttl }) =>
      new AppError('rate_limited', `At most ${max} such requests per minute. Wait and try again.`, {
        retryAfterS: ttl / 1000,
      }),
  });
}

/** The limiter's own connection: it answers in half a second or not at all, so that an outage costs callers no time. */
export function limiterRedis(redis: Redis): Redis {
  const own = redis.duplicate({ enableOfflineQueue: false, commandTimeout: 500, maxRetriesPerRequest: 0 });
  // The main connection reports outages; without a listener an error event would end the process.
  own.on('error', () => undefined);
  return own;
}
