import { describe, expect, test } from 'vitest';
import { FairQueue, type Queued } from './fair-queue.ts';

interface Named extends Queued {
  readonly name: string;
}

function queueOf(jobs: readonly Partial<Named>[]): FairQueue<Named> {
  const queue = new FairQueue<Named>();
  for (const [index, job] of jobs.entries()) queue.add({ tenant: 'a', name: '', dueMs: index, costS: 3, ...job });
  return queue;
}

function drain(queue: FairQueue<Named>): Named[] {
  const out: Named[] = [];
  for (let job = queue.next(); job; job = queue.next()) out.push(job);
  return out;
}

describe('FairQueue', () => {
  test('a tenant with 20 sessions cannot push a tenant with one to the back', () => {
    const crowd = Array.from({ length: 20 }, (_, index) => ({ tenant: 'many', name: `many ${index}` }));
    const order = drain(queueOf([...crowd, { tenant: 'one', name: 'the one' }])).map(({ name }) => name);
    // The crowd was first and may use up its round of 5 s, no more.
    expect(order.indexOf('the one')).toBeLessThanOrEqual(2);
    expect(order).toHaveLength(21);
  });

  test('tenants with endless work get the same seconds of audio, whatever the length of their pieces', () => {
    const queue = new FairQueue<Named>();
    const lengths: Record<string, number> = { short: 1, middle: 4, long: 20 };
    const servedS: Record<string, number> = { short: 0, middle: 0, long: 0 };
    for (const [tenant, costS] of Object.entries(lengths))
      for (let count = 0; count < 1000; count += 1) queue.add({ tenant, name: '', dueMs: count, costS });
    for (let count = 0; count < 500; count += 1) {
      const job = queue.next();
      if (job) servedS[job.tenant] = (servedS[job.tenant] ?? 0) + job.costS;
    }
    const amounts = Object.values(servedS);
    expect(Math.max(...amounts) - Math.min(...amounts)).toBeLessThanOrEqual(20 + 5);
  });

  test('within a tenant the soonest due is first, and equals keep their order', () => {
    const queue = queueOf([
      { name: 'late', dueMs: 30 },
      { name: 'soon', dueMs: 10 },
      { name: 'soon too', dueMs: 10 },
    ]);
    expect(queue.soonestDueMs).toBe(10);
    expect(drain(queue).map(({ name }) => name)).toEqual(['soon', 'soon too', 'late']);
    expect(queue.soonestDueMs).toBeUndefined();
  });

  test('what is given up first is the oldest of whoever has the most waiting', () => {
    const queue = queueOf([
      { tenant: 'one', name: 'only' },
      { tenant: 'many', name: 'oldest' },
      { tenant: 'many', name: 'newest' },
    ]);
    const given = queue.mostDispensable;
    expect(given?.name).toBe('oldest');
    expect(given && queue.remove(given)).toBe(true);
    expect(given && queue.remove(given)).toBe(false);
    expect(queue.size).toBe(2);
  });
});
