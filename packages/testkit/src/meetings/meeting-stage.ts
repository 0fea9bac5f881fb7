import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventLog } from '@eloquence/shared/runtime/event-log';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { migrate } from '@eloquence/shared/runtime/postgres';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { repositoryRoot } from '../config.ts';
import { createTestDatabase } from '../database.ts';
import { freePort } from '../free-port.ts';
import { PostgresServer } from '../postgres-server.ts';
import { ManagedProcess } from '../processes.ts';
import { RedisServer } from '../redis-server.ts';
import { MeetingModel } from './meeting-model.ts';
import { ModelServer } from './model-server.ts';
import type { PlantedMeeting } from './planted-meeting.ts';

const KEY = 'an internal key for tests of meetings';
const READY_MS = 60_000;

export interface RunningWorker {
  readonly process: ManagedProcess;
  readonly url: string;
}

/**
 * Everything around a meeting-worker: Redis and Postgres that may be killed, the model of a meeting in place of api-backend, a
 * folder for files. Workers are real processes, started by {@link startWorker}.
 */
export class MeetingStage implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly server: ModelServer;
  readonly pool: Pool;
  readonly log: EventLog;
  readonly folder = mkdtempSync(join(tmpdir(), 'eloquence-meetings-'));
  /** Straight to Postgres. */
  readonly databaseUrl: string;
  readonly #client: Redis;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    parts: AsyncDisposableStack,
    servers: { redis: RedisServer; postgres: PostgresServer; server: ModelServer },
    databaseUrl: string,
  ) {
    this.#parts = parts;
    this.redis = servers.redis;
    this.postgres = servers.postgres;
    this.server = servers.server;
    this.databaseUrl = databaseUrl;
    this.#client = new Redis(servers.redis.url, { retryStrategy: () => 50, maxRetriesPerRequest: 0 });
    this.#client.on('error', () => undefined);
    this.pool = new Pool({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000, max: 3 });
    this.pool.on('error', () => undefined);
    this.log = new EventLog(this.#client);
  }

  /** @param meetings what the model knows */
  static async start(meetings: readonly PlantedMeeting[]): Promise<MeetingStage> {
    const parts = new AsyncDisposableStack();
    try {
      // What Redis has acknowledged is there after a kill.
      const redis = parts.use(await RedisServer.start({ appendfsync: 'always' }));
      const postgres = parts.use(await PostgresServer.start());
      const database = await createTestDatabase(postgres.url);
      const server = parts.use(await new ModelServer(new MeetingModel(meetings), KEY).listen());
      const stage = new MeetingStage(parts, { redis, postgres, server }, database.url);
      await migrate(stage.pool, createLogger('stage', 'silent'));
      return stage;
    } catch (error) {
      await parts.disposeAsync();
      throw error;
    }
  }

  get model(): MeetingModel {
    return this.server.model;
  }

  /** A meeting-worker as it runs in production, up and ready. @param env over what it needs */
  async startWorker(env: Readonly<Record<string, string>> = {}): Promise<RunningWorker> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const process = new ManagedProcess({
      name: 'meeting-worker',
      command: globalThis.process.execPath,
      args: ['src/main.ts'],
      cwd: join(repositoryRoot, 'services/meeting-worker'),
      env: {
        PORT: String(port),
        LOG_LEVEL: 'warn',
        REDIS_URL: this.redis.url,
        DATABASE_URL: this.databaseUrl,
        API_URL: this.server.url,
        INTERNAL_API_KEY: KEY,
        MEETINGS_DIR: this.folder,
        ...env,
      },
    });
    this.#parts.use(process);
    await process.ready(async () => (await fetch(`${url}/ready`)).ok, READY_MS);
    return { process, url };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.disconnect();
    await this.pool.end().catch(() => undefined);
    await this.#parts.disposeAsync();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
