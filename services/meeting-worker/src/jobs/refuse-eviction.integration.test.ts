import { createTestDatabase } from '@eloquence/testkit/database';
import '@eloquence/testkit/integration-setup';
import { ManagedProcess } from '@eloquence/testkit/processes';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { Redis } from 'ioredis';
import { tmpdir } from 'node:os';
import { expect, inject, test } from 'vitest';

test('a worker on a Redis that evicts does not start: it names the fix and ends with code 2', async () => {
  await using server = await RedisServer.start();
  await using database = await createTestDatabase(inject('databaseUrl'));
  const redis = new Redis(server.url);
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  redis.disconnect();
  const worker = new ManagedProcess({
    name: 'meeting-worker',
    command: process.execPath,
    args: [new URL('../main.ts', import.meta.url).pathname],
    env: {
      PORT: '0',
      REDIS_URL: server.url,
      DATABASE_URL: database.url,
      INTERNAL_API_KEY: 'an internal key for tests',
      MEETINGS_DIR: tmpdir(),
      LOG_LEVEL: 'silent',
    },
  });
  expect(await worker.exited).toBe(2);
  expect(worker.output).toContain('maxmemory-policy allkeys-lru');
  expect(worker.output).toContain('redis-cli config set maxmemory-policy noeviction');
});
