import { expect, test } from 'vitest';
import { Limit } from './limit.ts';

test('no more than its size run at once, in the order they came', async () => {
  const limit = new Limit(2);
  const first = await limit.acquire();
  await limit.acquire();
  const order: number[] = [];
  const third = limit.acquire().then(() => order.push(3));
  const fourth = limit.acquire().then(() => order.push(4));
  await Promise.resolve();
  expect(order).toEqual([]);
  first();
  await third;
  expect(order).toEqual([3]);
  first();
  expect(order).toEqual([3]);
  void fourth;
});

test('who gives up waiting leaves the queue and takes no place', async () => {
  const limit = new Limit(1);
  const release = await limit.acquire();
  const abort = new AbortController();
  const waiting = limit.acquire(abort.signal);
  abort.abort(new Error('gave up'));
  await expect(waiting).rejects.toThrow('gave up');
  release();
  await expect(limit.acquire()).resolves.toBeTypeOf('function');
});
