import { describe, expect, it } from 'vitest';
import { Admission } from './admission.ts';

const never = new AbortController().signal;
const newcomer = { tenant: 'a', isNew: true };

describe('Admission', () => {
  it('lets so many in, lines up so many, and refuses the next with a time to come back', async () => {
    const admission = new Admission({ maxRunning: 1, maxWaiting: 1, maxWaitMs: 20_000 });
    const leave = await admission.enter(newcomer, never);
    const order: string[] = [];
    const second = admission.enter(newcomer, never).then((leaveSecond) => {
      order.push('second');
      return leaveSecond;
    });
    await expect(admission.enter(newcomer, never)).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 1 });
    expect(order).toEqual([]);
    leave();
    leave();
    const leaveSecond = await second;
    const third = admission.enter(newcomer, never);
    leaveSecond();
    (await third)();
    await expect(admission.enter(newcomer, never)).resolves.toBeTypeOf('function');
  });

  it('forgets whoever leaves the line', async () => {
    const admission = new Admission({ maxRunning: 1, maxWaiting: 1, maxWaitMs: 20_000 });
    const leave = await admission.enter(newcomer, never);
    const controller = new AbortController();
    const waiting = admission.enter(newcomer, controller.signal);
    controller.abort(new DOMException('gone', 'AbortError'));
    await expect(waiting).rejects.toMatchObject({ message: 'gone' });
    const next = admission.enter(newcomer, never);
    leave();
    await expect(next).resolves.toBeTypeOf('function');
  });
});

/** One place, held by `a`; who waits for it is let in one by one. @returns who came in, in order */
async function turns(waiting: readonly (readonly [tenant: string, isNew: boolean])[]): Promise<string[]> {
  const admission = new Admission({ maxRunning: 1, maxWaiting: 9, maxWaitMs: 20_000 });
  const leave = await admission.enter({ tenant: 'a', isNew: false }, never);
  const order: string[] = [];
  const all = waiting.map(async ([tenant, isNew]) => {
    const leaveNext = await admission.enter({ tenant, isNew }, never);
    order.push(isNew ? `${tenant} new` : tenant);
    leaveNext();
  });
  leave();
  await Promise.all(all);
  return order;
}

describe('the line', () => {
  it('lets in speeches that have begun before newcomers, and never refuses them', async () => {
    const admission = new Admission({ maxRunning: 1, maxWaiting: 1, maxWaitMs: 20_000 });
    const leave = await admission.enter(newcomer, never);
    const order: string[] = [];
    for (const [name, isNew] of [
      ['new', true],
      ['begun', false],
      ['begun too', false],
    ] as const)
      void admission.enter({ tenant: 'a', isNew }, never).then((leaveNext) => {
        order.push(name);
        return leaveNext();
      });
    leave();
    await expect.poll(() => order).toEqual(['begun', 'begun too', 'new']);
  });

  it('gives the next place to the tenant with the fewest', async () => {
    const admission = new Admission({ maxRunning: 2, maxWaiting: 9, maxWaitMs: 20_000 });
    const [leave] = [await admission.enter(newcomer, never), await admission.enter(newcomer, never)];
    const order: string[] = [];
    for (const tenant of ['a', 'a', 'b'])
      void admission.enter({ tenant, isNew: true }, never).then(() => order.push(tenant));
    leave?.();
    await expect.poll(() => order).toEqual(['b']);
  });

  it('lets tenants take turns, also those whose speeches have begun', async () => {
    const begun = ['a', 'a', 'a', 'b', 'b', 'internal'].map((tenant) => [tenant, false] as const);
    expect(await turns(begun)).toEqual(['b', 'internal', 'a', 'b', 'a', 'a']);
  });

  it('lets in a newcomer of a tenant that hears nothing before the next sentence of one that speaks', async () => {
    const admission = new Admission({ maxRunning: 2, maxWaiting: 9, maxWaitMs: 20_000 });
    const begun = { tenant: 'a', isNew: false };
    const [leave] = [await admission.enter(begun, never), await admission.enter(begun, never)];
    const order: string[] = [];
    for (const applicant of [begun, begun, { tenant: 'b', isNew: true }])
      void admission.enter(applicant, never).then(() => order.push(applicant.tenant));
    leave?.();
    await expect.poll(() => order).toEqual(['b']);
  });

  it('is nobody’s alone: when it is full, the newest of the tenant with the most in it makes room', async () => {
    const admission = new Admission({ maxRunning: 1, maxWaiting: 3, maxWaitMs: 20_000 });
    const leave = await admission.enter(newcomer, never);
    const order: string[] = [];
    const enter = async (tenant: string, name: string) => {
      const leaveNext = await admission.enter({ tenant, isNew: true }, never);
      order.push(name);
      leaveNext();
    };
    const first = enter('a', 'a1');
    const second = enter('a', 'a2');
    const third = enter('a', 'a3');
    const other = enter('b', 'b1');
    await expect(third).rejects.toMatchObject({ code: 'overloaded' });
    // Two against one is no reason to push anybody out.
    await expect(enter('b', 'b2')).rejects.toMatchObject({ code: 'overloaded' });
    leave();
    await Promise.all([first, second, other]);
    expect(order).toEqual(['b1', 'a1', 'a2']);
  });

  it('is not waited in for ever', async () => {
    const admission = new Admission({ maxRunning: 1, maxWaiting: 9, maxWaitMs: 30 });
    const leave = await admission.enter(newcomer, never);
    for (const isNew of [true, false])
      await expect(admission.enter({ tenant: 'b', isNew }, never)).rejects.toMatchObject({ code: 'overloaded' });
    leave();
    await expect(admission.enter(newcomer, never)).resolves.toBeTypeOf('function');
  });
});
