import type { SessionEventBody } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { newSessionId, newUtteranceId } from '@eloquence/shared/runtime/ids';
import { Lifecycle } from '@eloquence/shared/runtime/lifecycle';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { Redis } from 'ioredis';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { buildApp, type AppOptions } from '../app.ts';

export const silent = createLogger('test', 'silent');
export const meetingsDir = join(tmpdir(), `eloquence-meetings-${process.pid}`);

export interface Addresses {
  readonly redisUrl: string;
  readonly databaseUrl: string;
}

/** A worker in this process; disposing it closes it as SIGTERM does. */
export async function startWorker(addresses: Addresses, options: Partial<AppOptions> = {}) {
  const telemetry = new Telemetry({ processMetrics: false });
  const lifecycle = options.lifecycle ?? new Lifecycle(silent);
  const config = {
    logLevel: 'silent',
    listen: { host: '127.0.0.1', port: 0 },
    api: { url: 'http://127.0.0.1:1', key: 'an internal key for tests' },
    meetingsDir,
    ...addresses,
  };
  const app = buildApp({ config, logger: silent, telemetry, lifecycle, ...options });
  const running = app.run();
  return {
    app,
    running,
    telemetry,
    /** Value of a metric line, labels included: `name{type="x"}`; 0 when it is not there. */
    metric: async (line: string): Promise<number> => {
      const text = await telemetry.registry.metrics();
      return Number(
        text
          .split('\n')
          .find((candidate) => candidate.startsWith(`${line} `))
          ?.split(' ')[1] ?? 0,
      );
    },
    [Symbol.asyncDispose]: async () => void (await lifecycle.close()),
  };
}

/** Both stores seen from outside: what writers and readers of the product see. */
export class Stores implements AsyncDisposable {
  readonly redis: Redis;
  readonly pool: Pool;
  readonly log: EventLog;

  constructor({ redisUrl, databaseUrl }: Addresses) {
    this.redis = new Redis(redisUrl, { retryStrategy: () => 50, maxRetriesPerRequest: 0, commandTimeout: 1_000 });
    this.redis.on('error', () => undefined);
    this.pool = new Pool({ connectionString: databaseUrl, connectionTimeoutMillis: 1_000, max: 3 });
    this.pool.on('error', () => undefined);
    this.log = new EventLog(this.redis);
  }

  /** A session row as api-backend writes it. */
  async openSession(): Promise<SessionId> {
    const sessionId = newSessionId();
    await this.pool.query(
      `insert into sessions (session_id, user_id, scenario_id, language, room_name, state)
       values ($1, 'user', 'coaching_vocal', 'fr', $1, 'created')`,
      [sessionId],
    );
    return sessionId;
  }

  async rows(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
    return (await this.pool.query<Record<string, unknown>>(text, values)).rows;
  }

  async count(table: string, sessionId: SessionId): Promise<number> {
    const [row] = await this.rows(`select count(*)::integer as count from ${table} where session_id = $1`, sessionId);
    return Number(row?.['count']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.redis.disconnect();
    await this.pool.end();
  }
}

/** A final utterance with its own id. */
export function utterance(text: string, startMs = 0): SessionEventBody {
  const common = { utterance_id: newUtteranceId(), speaker: 'anna', role: 'user' as const };
  return {
    type: 'utterance.final',
    at: eventTime(),
    utterance: { ...common, text, start_ms: startMs, end_ms: startMs + 900 },
  };
}

export const at = eventTime;
