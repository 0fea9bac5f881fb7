import type { AddressInfo } from 'node:net';
import { SCENARIOS_KEY, type ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { createPool, migrate, type Pool } from '@eloquence/shared/runtime/postgres';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import type { Service } from '@eloquence/shared/runtime/service';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Redis } from 'ioredis';
import { buildApp } from '../app.ts';
import { loadConfig } from '../config.ts';
import { limiterRedis } from '../http/rate-limit.ts';
import type { Reconciler } from '../livekit/reconciler.ts';

export const INTERNAL_KEY = 'internal-key-of-the-tests';

export interface TestAppOptions {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  readonly env?: Readonly<Record<string, string>>;
  readonly agentGraceMs?: number;
  /** Milliseconds after which a session without a room counts as closed. */
  readonly openingGraceMs?: number;
  readonly migrate?: boolean;
}

export interface TestApp extends AsyncDisposable {
  readonly server: Service;
  readonly reconciler: Reconciler;
  readonly redis: Redis;
  readonly pool: Pool;
  /** Listens on that port, or one of the system's choice; gives the origin. */
  listen(port?: number): Promise<string>;
}

/** Where nothing listens: a dependency that is away. */
export const AWAY = {
  redisUrl: 'redis://127.0.0.1:1',
  databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
  livekit: { url: 'ws://127.0.0.1:1', apiKey: 'key', apiSecret: 'a secret of at least 32 characters' },
} as const;

/** A logical database of a shared server, so that files that run at the same time do not see each other's announcements. */
export const redisDatabase = (url: string, index: number): string => `${url}/${index}`;

/** The whole service on given addresses, as main.ts builds it, without signals. */
export async function startTestApp(options: TestAppOptions): Promise<TestApp> {
  const config = loadConfig({
    LOG_LEVEL: 'silent',
    INTERNAL_API_KEY: INTERNAL_KEY,
    REDIS_URL: options.redisUrl,
    DATABASE_URL: options.databaseUrl,
    LIVEKIT_URL: options.livekit.url,
    LIVEKIT_API_KEY: options.livekit.apiKey,
    LIVEKIT_API_SECRET: options.livekit.apiSecret,
    LLM_PROVIDER: 'demo',
    // A stack somebody uses may listen on the usual ports.
    STT_URL: 'http://127.0.0.1:1',
    TTS_URL: 'http://127.0.0.1:1',
    PORT: '0',
    ...options.env,
  });
  const logger = createLogger('test', config.logLevel);
  const pool = createPool(config.databaseUrl, logger);
  const redis = createRedis(config.redisUrl, 'commands', logger);
  const subscriber = createRedis(config.redisUrl, 'subscriber', logger);
  const limiter = limiterRedis(redis);
  if (options.migrate ?? true) await migrate(pool, logger);
  const { server, reconciler, ledger } = await buildApp({
    config,
    logger,
    telemetry: new Telemetry({ processMetrics: false }),
    pool,
    redis,
    subscriber,
    limiterRedis: limiter,
    isMigrated: () => true,
    reconciliation: {
      intervalMs: 60_000,
      openingGraceMs: options.openingGraceMs ?? 0,
      agentGraceMs: options.agentGraceMs ?? 200,
    },
  });
  return {
    server,
    reconciler,
    redis,
    pool,
    listen: async (port = 0) => {
      await server.listen({ host: '127.0.0.1', port });
      return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await ledger.close();
      await reconciler.close();
      await Promise.all([redis, subscriber, limiter].map(closeRedis));
      await pool.end();
    },
  };
}

const scenarioDefaults = {
  kind: 'conversation',
  version: 1,
  title: { fr: 'Titre', en: 'Title' },
  description: { fr: 'Description', en: 'Description' },
} as const;

const coaching: ScenarioSummary = {
  ...scenarioDefaults,
  scenario_id: 'coaching_vocal',
  languages: ['fr', 'en'],
};
const frenchOnly: ScenarioSummary = { ...scenarioDefaults, scenario_id: 'standard', languages: ['fr'] };
const meeting: ScenarioSummary = { ...coaching, kind: 'meeting', scenario_id: 'meeting' };

/** Does what a running agent does every few seconds. */
export async function announce(
  redis: Redis,
  scenarios: readonly ScenarioSummary[] = [coaching, frenchOnly, meeting],
): Promise<void> {
  await redis.set(SCENARIOS_KEY, JSON.stringify({ scenarios }), 'PX', 600_000);
}
