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
});
