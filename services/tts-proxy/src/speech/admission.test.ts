import { describe, expect, it } from 'vitest';
import { Admission } from './admission.ts';

const never = new AbortController().signal;
const newcomer = { tenant: 'a', isNew: true };

describe('Admission', () => {
  it('lets so many in, lines up so many, and refuses the next with a time to come back', async () => {
    const admission = new Admission({ maxRunning: 1, maxWaiting: 1 });
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
    const admission = new Admission({ maxRunning: 1, maxWaiting: 1 });
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
