import { readinessSchema } from '@eloquence/shared/contracts/engine';
import { createTestDatabase } from '@eloquence/testkit/database';
import { freePort } from '@eloquence/testkit/free-port';
import '@eloquence/testkit/integration-setup';
import { ManagedProcess } from '@eloquence/testkit/processes';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { waitFor } from '@eloquence/testkit/wait-for';
import { tmpdir } from 'node:os';
import { expect, inject, test } from 'vitest';
import { at, Stores } from '../test-support/worker-under-test.ts';

const BUSY_MS = 30_000;

/** Names of what the service is not ready for. */
async function unready(port: number): Promise<string[]> {
  const { checks } = readinessSchema.parse(await (await fetch(`http://127.0.0.1:${port}/ready`)).json());
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

test('a worker whose job loop is dead while all else works says that it is not ready and ends; the next one does its jobs', async () => {
  await using redis = await RedisServer.start();
  await using database = await createTestDatabase(inject('databaseUrl'));
  const addresses = { redisUrl: redis.url, databaseUrl: database.url };
  const port = await freePort();
  const start = () => {
    const worker = new ManagedProcess({
      name: 'meeting-worker',
      command: process.execPath,
      args: [new URL('../test-support/watched-worker.ts', import.meta.url).pathname],
      env: {
        PORT: String(port),
        REDIS_URL: redis.url,
        DATABASE_URL: database.url,
        INTERNAL_API_KEY: 'an internal key for tests',
        MEETINGS_DIR: tmpdir(),
        LOG_LEVEL: 'fatal',
      },
    });
    return worker.ready(async () => (await fetch(`http://127.0.0.1:${port}/ready`)).ok);
  };
  await using stores = new Stores(addresses);
  await using worker = await start();
  // BullMQ's loop tries for ever to wait for a job.
  await stores.redis.call('ACL', 'SETUSER', 'default', '-bzpopmin');
  const isWaiting = async () => / flags=\S*b/.test(await stores.redis.client('LIST').then(String));
  await waitFor(async () => !(await isWaiting()), { what: 'the end of its last wait', timeoutMs: BUSY_MS });
  const id = await stores.openSession();
  await stores.log.append(id, { type: 'session.ended', at: at(), reason: 'requested' });
  await waitFor(async () => (await unready(port)).includes('jobs'), {
    what: 'not ready for its jobs',
    timeoutMs: BUSY_MS,
  });
  expect(await worker.exited).toBe(1);
  expect(worker.output).toContain('none is taken');
  await stores.redis.call('ACL', 'SETUSER', 'default', '+bzpopmin');
  await using next = await start();
  const queued = () => stores.redis.exists(`bull:eloquence:close_session-${id}`);
  await waitFor(async () => (await queued()) === 0, { what: 'its job done', timeoutMs: BUSY_MS });
  expect(next.alive).toBe(true);
}, 90_000);
