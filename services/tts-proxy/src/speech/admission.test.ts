import { describe, expect, it } from 'vitest';
import { Admission } from './admission.ts';

const never = new AbortController().signal;

describe('Admission', () => {
  it('lets so many in, lines up so many, and refuses the next with a time to come back', async () => {
    const admission = new Admission({ maxRunning: 1, maxWaiting: 1 });
    const leave = await admission.enter(never);
    const order: string[] = [];
    const second = admission.enter(never).then((leaveSecond) => {
      order.push('second');
      return leaveSecond;
    });
    await expect(admission.enter(never)).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 1 });
    expect(order).toEqual([]);
    leave();
    leave();
    const leaveSecond = await second;
    const third = admission.enter(never);
    leaveSecond();
    (await third)();
    await expect(admission.enter(never)).resolves.toBeTypeOf('function');
  });

  it('forgets whoever leaves the line', async () => {
    const admission = new Admission({ maxRunning: 1, maxWaiting: 1 });
    const leave = await admission.enter(never);
    const controller = new AbortController();
    const waiting = admission.enter(controller.signal);
    controller.abort(new DOMException('gone', 'AbortError'));
    await expect(waiting).rejects.toMatchObject({ message: 'gone' });
    const next = admission.enter(never);
    leave();
    await expect(next).resolves.toBeTypeOf('function');
  });
});
