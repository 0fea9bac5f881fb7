import { join } from 'node:path';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { newSessionId } from '@eloquence/shared/runtime/ids';
import { createPool } from '@eloquence/shared/runtime/postgres';
import { repositoryRoot } from '@eloquence/testkit/config';
import { createTestDatabase } from '@eloquence/testkit/database';
import { freePort } from '@eloquence/testkit/free-port';
import { PostgresServer } from '@eloquence/testkit/postgres-server';
import type { ManagedProcess } from '@eloquence/testkit/processes';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { waitFor } from '@eloquence/testkit/wait-for';
import { startPinned } from '../pinned-process.ts';
import type { Target } from './chat-stream.ts';

const KEY = 'key-of-the-bench-of-models';
/** So high that none is reached, and counted all the same. */
const HIGH = '1000000000';

export interface Vendor extends AsyncDisposable {
  readonly origin: string;
  /** Straight to the model. */
  readonly target: Target;
  /** When callers hung up since the last call, by name, ns. */
  ends(): Promise<Map<string, number>>;
}

export interface VendorOptions {
  readonly firstMs?: number;
  readonly gapMs?: number;
  readonly tokens?: number;
  readonly core?: number | undefined;
}

/** A model that always takes the same time (see vendor-process.ts). */
export async function startVendor({
  firstMs = 20,
  gapMs = 20,
  tokens = 40,
  core,
}: VendorOptions = {}): Promise<Vendor> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const figures = ['--first-ms', firstMs, '--gap-ms', gapMs, '--tokens', tokens].map(String);
  const child = await startPinned({
    name: 'vendor',
    args: ['vendor-process.ts', '--port', String(port), ...figures],
    cwd: import.meta.dirname,
    core,
    readyUrl: `${origin}/ok/v1/models`,
  });
  return {
    origin,
    target: { url: `${origin}/ok/v1/chat/completions`, key: KEY, model: 'mistral-small-latest' },
    ends: async () => new Map((await (await fetch(`${origin}/ends`)).json()) as [string, number][]),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** A proxy that only passes bytes on (see pipe-process.ts). */
export async function startPipe(vendor: Vendor, core?: number): Promise<AsyncDisposable & { readonly target: Target }> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = await startPinned({
    name: 'pipe',
    args: ['pipe-process.ts', '--port', String(port), '--to', vendor.origin],
    cwd: import.meta.dirname,
    core,
    readyUrl: `${origin}/ok/v1/models`,
  });
  const target = { ...vendor.target, url: `${origin}/ok/v1/chat/completions` };
  return { target, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

/** Redis, Postgres and a session in it: what accounting needs. */
export interface Stores extends AsyncDisposable {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** Writes a session's row, once an api-backend has made the tables. */
  openSession(): Promise<string>;
}

export async function startStores(): Promise<Stores> {
  const [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
  const { url: databaseUrl } = await createTestDatabase(postgres.url);
  const pool = createPool(databaseUrl, createLogger('bench', 'silent'), { max: 1 });
  return {
    redisUrl: redis.url,
    databaseUrl,
    openSession: async () => {
      const id = newSessionId();
      const insert = () =>
        pool.query(
          `insert into sessions (session_id, user_id, scenario_id, language, room_name, state) values ($1, 'u', 's', 'fr', $1, 'active')`,
          [id],
        );
      await waitFor(insert, { what: 'the tables', timeoutMs: 20_000, intervalMs: 100 });
      return id;
    },
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await Promise.all([redis[Symbol.asyncDispose](), postgres[Symbol.asyncDispose]()]);
    },
  };
}

export interface Api extends AsyncDisposable {
  readonly process: ManagedProcess;
  readonly target: Target;
}

export interface ApiOptions {
  readonly stores: Stores;
  /** Addresses, keys and purposes of models. */
  readonly env: Readonly<Record<string, string>>;
  readonly quotas?: boolean;
  readonly core?: number | undefined;
  readonly nodeFlags?: readonly string[];
}

/** The real api-backend in a process of its own; without LiveKit, which has no part in this. */
export async function startApi({ stores, env, quotas = true, core, nodeFlags = [] }: ApiOptions): Promise<Api> {
  const port = await freePort();
  const limit = quotas ? HIGH : '0';
  const origin = `http://127.0.0.1:${port}`;
  const child = await startPinned({
    name: 'api-backend',
    args: [...nodeFlags, 'src/main.ts'],
    cwd: join(repositoryRoot, 'services/api-backend'),
    env: {
      PORT: String(port),
      LOG_LEVEL: 'error',
      INTERNAL_API_KEY: KEY,
      REDIS_URL: stores.redisUrl,
      DATABASE_URL: stores.databaseUrl,
      LIVEKIT_URL: 'ws://127.0.0.1:1',
      LIVEKIT_API_KEY: 'key',
      LIVEKIT_API_SECRET: 'a secret of at least 32 characters',
      OLLAMA_URL: 'http://127.0.0.1:1',
      LLM_TENANT_REQUESTS_PER_MINUTE: limit,
      LLM_TENANT_TOKENS_PER_DAY: limit,
      LLM_SESSION_REQUESTS_PER_MINUTE: limit,
      LLM_SESSION_TOKENS: limit,
      // Not those of the person whose machine this is: they would be asked, and paid.
      MISTRAL_API_KEY: '',
      OPENAI_API_KEY: '',
      ANTHROPIC_API_KEY: '',
      GROQ_API_KEY: '',
      LLM_REST_URL: '',
      LLM_PROVIDER: 'auto',
      ...env,
    },
    core,
    readyUrl: `${origin}/health`,
  });
  return {
    process: child,
    target: { url: `${origin}/v1/chat/completions`, key: KEY, model: 'talk' },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Settings that lead to a model behind one of two wires. @param behaviour see vendor-process.ts */
export function modelAt(origin: string, wire: 'mistral' | 'openai', behaviour = 'ok'): Record<string, string> {
  return wire === 'mistral'
    ? { MISTRAL_API_KEY: KEY, MISTRAL_BASE_URL: `${origin}/${behaviour}` }
    : { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${origin}/${behaviour}/v1` };
}
