import { Lifecycle } from '@eloquence/shared/runtime/lifecycle';
import '@eloquence/testkit/integration-setup';
import { createTestDatabase } from '@eloquence/testkit/database';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { expect, inject, test } from 'vitest';
import { silent, startWorker } from './test-support/worker-under-test.ts';

class RecordingLifecycle extends Lifecycle {
  readonly closed: string[] = [];

  override onClose(name: string, close: () => Promise<unknown> | void): void {
    super.onClose(name, async () => {
      await close();
      this.closed.push(name);
    });
  }
}

test('closing stops taking events first, then jobs, and lets go of connections last', async () => {
  await using redis = await RedisServer.start();
  await using database = await createTestDatabase(inject('databaseUrl'));
  const lifecycle = new RecordingLifecycle(silent);
  const worker = await startWorker({ redisUrl: redis.url, databaseUrl: database.url }, { lifecycle });
  await worker.running;
  expect(await lifecycle.close()).toBe(true);
  const order = ['start-up', 'persister', 'meetings', 'job worker', 'job queue', 'redis', 'postgres', 'http server'];
  expect(lifecycle.closed).toEqual(order);
});

test('a worker told to stop while it waits for Postgres stops', async () => {
  await using redis = await RedisServer.start();
  const lifecycle = new RecordingLifecycle(silent);
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/nothing';
  const worker = await startWorker({ redisUrl: redis.url, databaseUrl }, { lifecycle });
  expect(await lifecycle.close()).toBe(true);
  await worker.running;
});
