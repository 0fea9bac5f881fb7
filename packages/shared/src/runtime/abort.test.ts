import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ChildAbort, delay } from './abort.ts';

describe('a child signal', () => {
  test('aborts with its parent, with the same reason', () => {
    const parent = new AbortController();
    using child = new ChildAbort(parent.signal);
    parent.abort(new Error('hung up'));
    expect(child.signal.reason).toEqual(new Error('hung up'));
  });

  test('of an aborted parent is aborted from the start', () => {
    using child = new ChildAbort(AbortSignal.abort());
    expect(child.signal.aborted).toBe(true);
  });

  test('does not abort its parent', () => {
    const parent = new AbortController();
    using child = new ChildAbort(parent.signal);
    child.abort();
    expect(parent.signal.aborted).toBe(false);
  });

  test('leaves no listener behind, however many there were', () => {
    const parent = new AbortController();
    for (let turn = 0; turn < 1000; turn += 1) {
      using child = new ChildAbort(parent.signal, { timeoutMs: 60_000 });
      expect(child.signal.aborted).toBe(false);
    }
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  test('aborts with a TimeoutError when its time is up', async () => {
    using child = new ChildAbort(undefined, { timeoutMs: 5 });
    await new Promise((resolve) => child.signal.addEventListener('abort', resolve));
    expect(child.signal.reason).toMatchObject({ name: 'TimeoutError' });
  });
});

describe('delay', () => {
  test('waits at least as long as asked', async () => {
    const start = performance.now();
    await delay(20);
    expect(performance.now() - start).toBeGreaterThanOrEqual(19);
  });

  test('ends at once with the reason of the signal and leaves no listener', async () => {
    const controller = new AbortController();
    const waiting = delay(60_000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(delay(60_000, controller.signal)).rejects.toThrow('enough');
    const other = new AbortController();
    await delay(1, other.signal);
    expect(getEventListeners(other.signal, 'abort')).toHaveLength(0);
  });
});
