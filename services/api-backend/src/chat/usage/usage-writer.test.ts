import { createLogger } from '@eloquence/shared/runtime/logger';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UsageRow } from './usage-row.ts';
import { UsageWriter, type UsageBatch } from './usage-writer.ts';

const row = (over: Partial<UsageRow> = {}): UsageRow => ({
  tenant: 'marie',
  day: '2026-11-21',
  session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
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
  cost_micros: 16,
  ...over,
});

class FakeDatabase {
  readonly batches: UsageBatch[] = [];
  attempts = 0;
  away = false;
  /** Keeps the batch and loses the answer. */
  mute = false;
  /** Rows of this model make it refuse a batch. */
  readonly bad = 'bad';
  readonly write = async (batch: UsageBatch): Promise<void> => {
    this.attempts += 1;
    if (this.away) throw new Error('away');
    if (batch.rows.some(({ model }) => model === this.bad)) throw new Error('refused');
    if (!this.batches.some(({ number }) => number === batch.number)) this.batches.push(batch);
    if (this.mute) throw new Error('the connection was lost');
  };

  get rows(): UsageRow[] {
    return this.batches.flatMap((batch) => batch.rows);
  }

  get requests(): number {
    return this.rows.reduce((sum, { requests }) => sum + requests, 0);
  }
}

const isRefusal = (error: unknown): boolean => (error as Error).message === 'refused';

describe('the writer of usage', () => {
  const writers: UsageWriter[] = [];
  const fixture = () => {
    const database = new FakeDatabase();
    const logger = createLogger('test', 'silent');
    const logged = vi.spyOn(logger, 'error');
    const writer = new UsageWriter({ write: database.write, isRefusal, logger, flushMs: 5 });
    writers.push(writer);
    return { database, writer, logged };
  };
  afterEach(async () => {
    for (const writer of writers.splice(0)) await writer.close();
  });

  it('adds up calls of one kind and writes them behind', async () => {
    const { database, writer } = fixture();
    writer.add(row());
    writer.add(row({ prompt_tokens: 50, cost_micros: 4 }));
    writer.add(row({ purpose: 'summarise' }));
    expect(database.batches).toEqual([]);
    await expect.poll(() => database.batches.length).toBe(1);
    expect(database.rows).toEqual([
      row({ requests: 2, prompt_tokens: 150, cached_tokens: 120, completion_tokens: 40, cost_micros: 20 }),
      row({ purpose: 'summarise' }),
    ]);
  });

  it('keeps what cannot be written and writes it when the database is back', async () => {
    const { database, writer } = fixture();
    database.away = true;
    writer.add(row());
    await expect.poll(() => database.attempts).toBeGreaterThan(1);
    writer.add(row());
    database.away = false;
    await expect.poll(() => database.requests).toBe(2);
  });

  it('sends a batch whose answer was lost again as it was, so that it can be told from a new one', async () => {
    const { database, writer } = fixture();
    database.mute = true;
    writer.add(row());
    await expect.poll(() => database.batches.length).toBe(1);
    writer.add(row({ prompt_tokens: 7 }));
    database.mute = false;
    await expect.poll(() => database.requests).toBe(2);
    expect(database.rows.map((one) => one.prompt_tokens)).toEqual([100, 7]);
    expect(database.batches.map(({ number }) => number)).toEqual([1, 2]);
    expect(new Set(database.batches.map((batch) => batch.writer)).size).toBe(1);
  });

  it('sets a row aside that the database refuses, says so once, and writes all others', async () => {
    const { database, writer, logged } = fixture();
    for (let index = 0; index < 200; index += 1) writer.add(row({ model: `model-${index}` }));
    writer.add(row({ model: 'bad', tenant: 'mallory', requests: 3 }));
    for (let index = 200; index < 400; index += 1) writer.add(row({ model: `model-${index}` }));
    await expect.poll(() => database.requests).toBe(400);
    await expect.poll(() => logged.mock.calls.length).toBe(1);
    expect(JSON.stringify(logged.mock.calls)).toMatch(/"mallory".*"requests":3/);
    expect(database.batches.map(({ number }) => number)).toEqual(
      database.batches.map(({ number }) => number).toSorted((one, other) => one - other),
    );
    writer.add(row());
    await expect.poll(() => database.requests).toBe(401);
  });

  it('finds a row that is refused while it closes, too', async () => {
    const { database, writer, logged } = fixture();
    for (const model of ['one', 'bad', 'two', 'three']) writer.add(row({ model }));
    await writer.close();
    expect(database.rows.map(({ model }) => model)).toEqual(['one', 'two', 'three']);
    expect(logged).toHaveBeenCalledOnce();
  });

  it('writes all that is left when it is closed', async () => {
    const { database, writer } = fixture();
    for (let index = 0; index < 5_000; index += 1) writer.add(row({ model: `model-${index}` }));
    await writer.close();
    expect(database.requests).toBe(5_000);
    expect(database.batches.every(({ rows }) => rows.length <= 2_000)).toBe(true);
  });

  it('closes also when the database is away', async () => {
    const { database, writer } = fixture();
    database.away = true;
    writer.add(row());
    await writer.close();
    expect(database.attempts).toBe(1);
    expect(database.batches).toEqual([]);
  });

  it('gives up which session it was, and no amount, when very much is waiting', async () => {
    const { database, writer } = fixture();
    database.away = true;
    for (let index = 0; index < 10_010; index += 1) writer.add(row({ session_id: `ses_${index}` }));
    database.away = false;
    await expect.poll(() => database.requests).toBe(10_010);
    const nameless = database.rows.filter((one) => one.session_id === null);
    expect(nameless.map((one) => one.requests)).toEqual([10]);
    expect(database.rows).toHaveLength(10_001);
  });
});
