import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import { randomText } from './ids.ts';
import { Lease, releaseLease } from './lease.ts';
import { createLogger } from './logger.ts';

const TTL_MS = 600;
const logger = createLogger('test', 'silent');
let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});
afterAll(() => redis.disconnect());

function leaseOf(owner: string, key: string, more: { redis?: Redis; onLost?: () => void } = {}): Lease {
  const lease = new Lease({ redis, key, owner, ttlMs: TTL_MS, logger, ...more });
  onTestFinished(() => lease.release());
  return lease;
}
const newKey = (): string => `lease-test:${randomText(12)}`;
const now = { forMs: 0 };

test('one has it, the other gets it when it is given back', async () => {
  const key = newKey();
  const [anna, ben] = [leaseOf('anna', key), leaseOf('ben', key)];
  expect(await anna.acquire(now)).toBe(true);
  expect(await ben.acquire(now)).toBe(false);
  const waiting = ben.acquire({ forMs: 5_000 });
  await anna.release();
  expect(await waiting).toBe(true);
  expect(await redis.get(key)).toBe('ben');
});

test('it is kept for longer than it lasts, while its owner lives', async () => {
  const key = newKey();
  const [anna, ben] = [leaseOf('anna', key), leaseOf('ben', key)];
  await anna.acquire(now);
  expect(await ben.acquire({ forMs: TTL_MS * 2.5 })).toBe(false);
});

test('the lease of an owner that died is free soon after', async () => {
  const key = newKey();
  await redis.set(key, 'anna', 'PX', TTL_MS);
  expect(await leaseOf('ben', key).acquire({ forMs: 5_000 })).toBe(true);
});

test('who lost it is told once, and cannot give away what is another’s', async () => {
  const key = newKey();
  const onLost = vi.fn<() => void>();
  const anna = leaseOf('anna', key, { onLost });
  await anna.acquire(now);
  await redis.set(key, 'ben', 'PX', 60_000);
  await vi.waitFor(() => expect(onLost).toHaveBeenCalledTimes(1), { timeout: 5_000 });
  await anna.release();
  expect(await releaseLease(redis, key, 'anna')).toBe(false);
  expect(await redis.get(key)).toBe('ben');
  expect(await releaseLease(redis, key, 'ben')).toBe(true);
  expect(onLost).toHaveBeenCalledTimes(1);
});

test('who waits can be called off', async () => {
  const key = newKey();
  await leaseOf('anna', key).acquire(now);
  await expect(leaseOf('ben', key).acquire({ forMs: 60_000, signal: AbortSignal.timeout(150) })).rejects.toThrow(
    /timeout/,
  );
  expect(await redis.get(key)).toBe('anna');
});

test('without Redis everybody is let through', async () => {
  const away = new Redis({ port: 1, host: '127.0.0.1', maxRetriesPerRequest: 0, retryStrategy: null });
  away.on('error', () => undefined);
  expect(await leaseOf('anna', newKey(), { redis: away }).acquire(now)).toBe(true);
});
