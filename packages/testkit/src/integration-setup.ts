import type { TestProject } from 'vitest/node';
import { LivekitServer, type LivekitAddress } from './livekit-server.ts';
import { PostgresServer } from './postgres-server.ts';
import { RedisServer } from './redis-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
    /** Of the administrative database: take your own by `createTestDatabase(inject('databaseUrl'))`. */
    databaseUrl: string;
    livekit: LivekitAddress;
  }
}

/** vitest's global set-up of project `integration`: private Redis, Postgres and livekit-server for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = new AsyncDisposableStack();
  try {
    const started = await Promise.allSettled([RedisServer.start(), PostgresServer.start(), LivekitServer.start()]);
    for (const outcome of started) if (outcome.status === 'fulfilled') stack.use(outcome.value);
    const [redis, postgres, livekit] = started.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    }) as [RedisServer, PostgresServer, LivekitServer];
    project.provide('redisUrl', redis.url);
    project.provide('databaseUrl', postgres.url);
    project.provide('livekit', { url: livekit.url, apiKey: livekit.apiKey, apiSecret: livekit.apiSecret });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
  return () => stack.disposeAsync();
}
