import { expect, test } from 'vitest';
import { JobWatch } from './job-watch.ts';

interface Scene {
  /** Jobs due at each look; one that is an error: Redis is away. */
  readonly due: readonly (number | Error)[];
  readonly taken?: readonly number[];
  readonly isFull?: boolean;
}

/** A worker that goes on until the scene is over. */
function watch({ due, taken = [], isFull = false }: Scene) {
  let look = -1;
  const over = Promise.withResolvers<void>();
  const ready: boolean[] = [];
  const jobWatch = new JobWatch({
    queue: {
      due: async () => {
        look += 1;
        ready.push(isReady());
        const count = due[look];
        if (count === undefined) over.resolve();
        if (count instanceof Error) throw count;
        return count ?? 0;
      },
    },
    worker: {
      run: () => over.promise,
      get progress() {
        return { taken: taken[look] ?? 0, isFull };
      },
    },
    lookMs: 0,
  });
  const isReady = () => {
    try {
      jobWatch.check();
      return true;
    } catch {
      return false;
    }
  };
  return { done: jobWatch.run(), ready };
}

const times = <T>(count: number, value: T) => Array.from({ length: count }, () => value);

test('a worker that takes none of the jobs that are due is not ready after three looks and dead after twelve', async () => {
  const { done, ready } = watch({ due: times(20, 2) });
  await expect(done).rejects.toThrow('Of 2 jobs that are due none is taken');
  expect(ready).toEqual([...times(3, true), ...times(9, false)]);
});

test.each<[string, Scene]>([
  ['it has nothing to do', { due: times(30, 0) }],
  ['it takes one now and then', { due: times(30, 5), taken: times(30, 0).map((_, look) => Math.floor(look / 11)) }],
  ['it has its hands full', { due: times(30, 5), isFull: true }],
  ['Redis is away', { due: times(30, new Error('away')) }],
  ['Redis is away in between', { due: [...times(11, 5), new Error('away'), ...times(11, 5)] }],
])('a worker is alive when %s', async (_why, scene) => {
  await expect(watch(scene).done).resolves.toBeUndefined();
});
