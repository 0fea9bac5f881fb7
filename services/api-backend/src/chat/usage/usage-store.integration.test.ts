import { createLogger } from '@eloquence/shared/runtime/logger';
import { newSessionId } from '@eloquence/shared/runtime/ids';
import { createPool, migrate, type Pool } from '@eloquence/shared/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { isPostgresRefusal } from '../../http/dependency.ts';
import { SessionStore } from '../../sessions/session-store.ts';
import type { UsageRow } from './usage-row.ts';
import { UsageStore } from './usage-store.ts';
import { UsageWriter } from './usage-writer.ts';

let database: TestDatabase;
let pool: Pool;
let usage: UsageStore;
let sessions: SessionStore;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const logger = createLogger('test', 'silent');
  pool = createPool(database.url, logger);
  await migrate(pool, logger);
  usage = new UsageStore(pool);
  sessions = new SessionStore(pool);
});

afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await pool.query('truncate llm_usage, llm_usage_writers, sessions cascade');
});

const DAY = '2026-11-21';
const range = { tenant: 'marie', from: DAY, to: DAY };
const row = (over: Partial<UsageRow> = {}): UsageRow => ({
  tenant: 'marie',
  day: DAY,
  session_id: null,
  purpose: 'talk',
  provider: 'mistral',
  model: 'mistral-small-latest',
  currency: 'EUR',
  requests: 1,
  estimated_requests: 0,
  unpriced_requests: 0,
  prompt_tokens: 100,
  cached_tokens: 60,
  completion_tokens: 20,
  cost_micros: 16.25,
  ...over,
});

async function openSession(tenant = 'marie'): Promise<string> {
  const id = newSessionId();
  const opened = await sessions.insert(
    {
      tenant,
      session: {
        session_id: id,
        user_id: 'u',
        scenario_id: 'coaching_vocal',
        kind: 'conversation',
        language: 'fr',
        name: null,
        room_name: id,
      },
      options: {},
      consent: undefined,
    },
    undefined,
  );
  expect(opened).not.toBe(false);
  return id;
}

describe('stored usage', () => {
  it.each([
    ['a name with a NUL', { model: 'x\u0000y' }],
    ['a name with half a character', { model: 'x\ud800y' }],
    ['a number too large', { prompt_tokens: 1e30 }],
  ])('of everybody is written though one row has %s', async (_, bad) => {
    const logger = createLogger('test', 'silent');
    const logged = vi.spyOn(logger, 'error');
    const write = usage.write.bind(usage);
    const writer = new UsageWriter({ write, isRefusal: isPostgresRefusal, logger });
    for (const model of ['one', 'two', 'three']) writer.add(row({ model }));
    writer.add(row({ tenant: 'mallory', ...bad }));
    for (const model of ['four', 'five']) writer.add(row({ model }));
    await writer.close();
    expect((await usage.ofTenant(range)).map(({ model }) => model)).toEqual(['five', 'four', 'one', 'three', 'two']);
    expect(await usage.ofTenant({ ...range, tenant: 'mallory' })).toEqual([]);
    expect(logged).toHaveBeenCalledOnce();
  });

  it('waits for its table, which is no fault of a row', async () => {
    const refused = await pool.query('select * from no_such_table').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: '42P01' });
    expect(isPostgresRefusal(refused)).toBe(false);
  });

  it('adds up over batches and writers, by session and by tenant', async () => {
    const id = await openSession();
    await usage.write({ writer: 'a', number: 1, rows: [row({ session_id: id }), row()] });
    await usage.write({ writer: 'a', number: 2, rows: [row({ session_id: id, estimated_requests: 1 })] });
    await usage.write({ writer: 'b', number: 1, rows: [row({ session_id: id, purpose: 'judge', model: 'other' })] });
    expect(await usage.ofSession(id)).toEqual([
      {
        purpose: 'judge',
        provider: 'mistral',
        model: 'other',
        currency: 'EUR',
        requests: 1,
        estimated_requests: 0,
        unpriced_requests: 0,
        prompt_tokens: 100,
        cached_tokens: 60,
        completion_tokens: 20,
        cost_micros: 16.25,
      },
      expect.objectContaining({
        purpose: 'talk',
        requests: 2,
        estimated_requests: 1,
        prompt_tokens: 200,
        cost_micros: 32.5,
      }),
    ]);
    expect(await usage.days(range)).toMatchObject([{ day: DAY, requests: 4, cost_micros: 65 }]);
    expect(await usage.days({ ...range, tenant: 'paul' })).toEqual([]);
  });

  it('counts a batch once that is sent again, however often and by whom at once', async () => {
    const batch = { writer: 'a', number: 1, rows: [row()] };
    await Promise.all(Array.from({ length: 8 }, () => usage.write(batch)));
    await usage.write({ writer: 'a', number: 2, rows: [row()] });
    await usage.write(batch);
    expect(await usage.days(range)).toMatchObject([{ requests: 2 }]);
  });

  it('takes writers of the same rows at once', async () => {
    const ids = await Promise.all([openSession(), openSession(), openSession()]);
    const rows = ids.map((id) => row({ session_id: id }));
    const writes = Array.from({ length: 20 }, (_, index) =>
      usage.write({ writer: `w${index}`, number: 1, rows: index % 2 ? rows : rows.toReversed() }),
    );
    await Promise.all(writes);
    expect(await usage.days(range)).toMatchObject([{ requests: 60 }]);
  });

  it('bills the tenant the session has, whatever was known when the model was asked', async () => {
    const id = await openSession('paul');
    await usage.write({ writer: 'a', number: 1, rows: [row({ tenant: 'internal', session_id: id })] });
    expect(await usage.days({ ...range, tenant: 'paul' })).toMatchObject([{ requests: 1 }]);
    expect(await usage.days({ ...range, tenant: 'internal' })).toEqual([]);
  });

  it('loses the session and keeps the sums when a session is deleted, also of calls that end later', async () => {
    const [id, other] = [await openSession(), await openSession()];
    await usage.write({
      writer: 'a',
      number: 1,
      rows: [row({ session_id: id }), row({ session_id: other }), row({ day: '2026-11-20', session_id: id })],
    });
    await sessions.erase(id);
    await usage.write({ writer: 'a', number: 2, rows: [row({ session_id: id }), row()] });
    await sessions.purge([id]);
    await sessions.erase(other);
    const { rows } = await pool.query('select day::text, session_id, requests::int from llm_usage order by day');
    expect(rows).toEqual([
      { day: '2026-11-20', session_id: null, requests: 1 },
      { day: DAY, session_id: null, requests: 4 },
    ]);
    expect(await usage.ofSession(id)).toEqual([]);
  });

  it('forgets a session also in rows that came in while it was being deleted', async () => {
    const id = await openSession();
    await sessions.erase(id);
    await pool.query(
      `insert into llm_usage values ('marie', $1, $2, 'talk', 'mistral', 'm', 'EUR', 1, 0, 0, 1, 0, 1, 1)`,
      [DAY, id],
    );
    await sessions.purge([id]);
    expect((await pool.query('select session_id from llm_usage')).rows).toEqual([{ session_id: null }]);
  });
});
