import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Pool, PoolClient } from '@eloquence/shared/runtime/postgres';
import * as z from 'zod';
import { isPostgresOutage, reachable } from '../../http/dependency.ts';
import type { UsageRow } from './usage-row.ts';
import type { UsageBatch } from './usage-writer.ts';

const SUMS = `sum(requests) as requests, sum(estimated_requests) as estimated_requests,
  sum(unpriced_requests) as unpriced_requests, sum(prompt_tokens) as prompt_tokens, sum(cached_tokens) as cached_tokens,
  sum(completion_tokens) as completion_tokens, sum(cost_micros) as cost_micros`;
const COLUMNS = `tenant, day, session_id, purpose, provider, model, currency, requests, estimated_requests,
  unpriced_requests, prompt_tokens, cached_tokens, completion_tokens, cost_micros`;
const KEY = 'tenant, day, session_id, purpose, provider, model, currency';
const ADD_UP = `on conflict (${KEY}) do update set
  requests = llm_usage.requests + excluded.requests,
  estimated_requests = llm_usage.estimated_requests + excluded.estimated_requests,
  unpriced_requests = llm_usage.unpriced_requests + excluded.unpriced_requests,
  prompt_tokens = llm_usage.prompt_tokens + excluded.prompt_tokens,
  cached_tokens = llm_usage.cached_tokens + excluded.cached_tokens,
  completion_tokens = llm_usage.completion_tokens + excluded.completion_tokens,
  cost_micros = llm_usage.cost_micros + excluded.cost_micros`;

/**
 * One statement, so all or nothing. The session's row knows best whose it is; one that was deleted meanwhile lends its
 * tenant and not its id. Rows come in the order of their key, because two instances that lock in different orders could wait
 * for each other.
 */
const WRITE = `
  with claim as (
    insert into llm_usage_writers (writer, batch) values ($1, $2)
    on conflict (writer) do update set batch = excluded.batch, at = now() where llm_usage_writers.batch < excluded.batch
    returning 1
  ), sent as (
    select coalesce(sessions.tenant, row.tenant) as tenant, row.day,
      case when sessions.deleted_at is null then sessions.session_id end as session_id,
      purpose, provider, model, currency, requests, estimated_requests, unpriced_requests, prompt_tokens, cached_tokens,
      completion_tokens, cost_micros
    from json_to_recordset($3) as row (tenant text, day date, session_id text, purpose text, provider text, model text,
      currency text, requests bigint, estimated_requests bigint, unpriced_requests bigint, prompt_tokens bigint,
      cached_tokens bigint, completion_tokens bigint, cost_micros numeric)
    left join sessions on sessions.session_id = row.session_id
    where exists (select from claim)
  )
  insert into llm_usage (${COLUMNS}) select ${KEY}, ${SUMS} from sent group by ${KEY} order by ${KEY} ${ADD_UP}`;

const countSchema = z.coerce.number();
const totalsSchema = z.object({
  currency: z.string(),
  requests: countSchema,
  estimated_requests: countSchema,
  unpriced_requests: countSchema,
  prompt_tokens: countSchema,
  cached_tokens: countSchema,
  completion_tokens: countSchema,
  cost_micros: countSchema,
});
const lineSchema = totalsSchema.extend({ purpose: z.string(), provider: z.string(), model: z.string() });
const daySchema = totalsSchema.extend({ day: z.string() });

/** Sums of one currency. */
export type UsageSums = z.infer<typeof totalsSchema>;
export type StoredLine = z.infer<typeof lineSchema>;
export type StoredDay = z.infer<typeof daySchema>;

export interface TenantDays {
  readonly tenant: string;
  /** Both included. */
  readonly from: string;
  readonly to: string;
}

/** `llm_usage` in Postgres. What is read is at most some two seconds behind (see UsageWriter). */
export class UsageStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Adds a batch, once however often it is sent. */
  async write({ writer, number, rows }: UsageBatch): Promise<void> {
    await this.#pool.query(WRITE, [writer, number, JSON.stringify(rows satisfies readonly UsageRow[])]);
  }

  /** @throws AppError `unavailable` */
  async ofSession(sessionId: SessionId): Promise<StoredLine[]> {
    return this.#read(lineSchema, 'purpose, provider, model', ['session_id = $1', [sessionId]]);
  }

  /** Lines of a tenant's days. @throws AppError `unavailable` */
  async ofTenant({ tenant, from, to }: TenantDays): Promise<StoredLine[]> {
    return this.#read(lineSchema, 'purpose, provider, model', [TENANT_DAYS, [tenant, from, to]]);
  }

  /** The same, day by day. @throws AppError `unavailable` */
  async days({ tenant, from, to }: TenantDays): Promise<StoredDay[]> {
    return this.#read(daySchema, 'day', [TENANT_DAYS, [tenant, from, to]]);
  }

  async #read<S extends z.ZodObject>(
    schema: S,
    groups: string,
    [condition, values]: readonly [string, readonly unknown[]],
  ): Promise<z.infer<S>[]> {
    const columns = groups.replace(/^day$/, 'day::text as day');
    const query = this.#pool.query(
      `select ${columns}, currency, ${SUMS} from llm_usage where ${condition} group by ${groups}, currency order by ${groups}, currency`,
      [...values],
    );
    const { rows } = await reachable('Postgres', query, isPostgresOutage);
    return rows.map((row) => schema.parse(row));
  }
}

const TENANT_DAYS = 'tenant = $1 and day between $2 and $3';

/** Takes a session's id out of the accounts, within its deletion: the tenant's sums stay as they are. */
export async function forgetSessions(
  client: Pick<PoolClient, 'query'>,
  sessionIds: readonly SessionId[],
): Promise<void> {
  await client.query(
    `with gone as (delete from llm_usage where session_id = any($1) returning *),
       nameless as (select ${COLUMNS.replace('session_id', 'null::text as session_id')} from gone)
     insert into llm_usage (${COLUMNS}) select ${KEY}, ${SUMS} from nameless group by ${KEY} order by ${KEY} ${ADD_UP}`,
    [sessionIds],
  );
}

/** Forgets writers that have been silent for longer than any of them would try again. */
export async function forgetWriters(pool: Pick<Pool, 'query'>): Promise<void> {
  await pool.query(`delete from llm_usage_writers where at < now() - interval '7 days'`);
}
