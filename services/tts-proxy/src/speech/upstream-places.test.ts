import { describe, expect, it } from 'vitest';
import { UpstreamPlaces } from './upstream-places.ts';

const never = new AbortController().signal;

describe('UpstreamPlaces', () => {
  it('has so many places; who finds none waits for the next, in order, or is told at once', async () => {
    const places = new UpstreamPlaces(2);
    const [first, second] = [await places.enter(never), places.tryEnter()];
    expect([places.free, places.tryEnter()]).toEqual([0, undefined]);
    const order: string[] = [];
    const waiting = ['one', 'two'].map(async (name) => {
      const leave = await places.enter(never);
      order.push(name);
      return leave;
    });
    first();
    first();
    await waiting[0];
    expect(order).toEqual(['one']);
    second?.();
    for (const leave of await Promise.all(waiting)) leave();
    expect([order, places.free]).toEqual([['one', 'two'], 2]);
  });

  it('forgets whoever leaves the line', async () => {
    const places = new UpstreamPlaces(1);
    const leave = await places.enter(never);
    const controller = new AbortController();
    const waiting = places.enter(controller.signal);
    controller.abort(new DOMException('gone', 'AbortError'));
    await expect(waiting).rejects.toMatchObject({ message: 'gone' });
    leave();
    expect(places.free).toBe(1);
  });
});
