import { readdirSync, readFileSync } from 'node:fs';
import { Pool, type PoolClient } from 'pg';
import type { Logger } from './logger.ts';

export type { Pool, PoolClient };

/** Any fixed number: two services that start at once must not migrate at once. */
const MIGRATION_LOCK = 7_103_411;
const MIGRATIONS = new URL('../../migrations/', import.meta.url);

/** A pool that fails a query after 10 s and a connection after 5 s. */
export function createPool(url: string, logger: Logger, options: { readonly max?: number } = {}): Pool {
  const pool = new Pool({
    connectionString: url,
    max: options.max ?? 10,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
    query_timeout: 12_000,
    idle_in_transaction_session_timeout: 15_000,
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle postgres connection was lost'));
  // A client at work has no listener of the pool's: the loss of its connection would end the process. Its query fails as well.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Runs `task` in one transaction: commit when it resolves, roll back when it throws. */
export async function inTransaction<T>(pool: Pool, task: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await task(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // A broken connection cannot roll back; dropping it does.
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    );
    throw error;
  }
}

/** Applies the `migrations/NNNN-*.sql` files that the database does not have, in order, each in its own transaction. */
export async function migrate(pool: Pool, logger: Logger): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(
      'create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())',
    );
    const done = await client.query<{ name: string }>('select name from migrations');
    const applied = new Set(done.rows.map((row) => row.name));
    const files = readdirSync(MIGRATIONS)
      .filter((name) => name.endsWith('.sql'))
      .toSorted();
    for (const name of files.filter((file) => !applied.has(file))) {
      await client.query('begin');
      await client.query(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
      await client.query('insert into migrations (name) values ($1)', [name]);
      await client.query('commit');
      logger.info({ migration: name }, 'migrated');
    }
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    client.release();
  }
}
