import { expect, test } from 'vitest';
import { reconnectPolicy, retry, retryDelayMs, type RetryPolicy } from './retry.ts';

const fast: RetryPolicy = { attempts: 4, firstDelayMs: 1, factor: 2, maxDelayMs: 4, jitter: 0 };

test('delays grow by the factor up to the longest, less the random share', () => {
  const policy = { ...reconnectPolicy, jitter: 0.5 };
  const delays = [1, 2, 3, 7, 50].map((failures) => retryDelayMs(policy, failures, () => 0));
  expect(delays).toEqual([100, 200, 400, 5000, 5000]);
  expect(retryDelayMs(policy, 1, () => 1)).toBe(50);
});

test('a task is tried until it succeeds, and told which try it is', async () => {
  const tries: number[] = [];
  const failures: number[] = [];
  const result = await retry(
    async (attempt) => {
      tries.push(attempt);
      if (attempt < 3) throw new Error('not yet');
      return 'done';
    },
    { policy: fast, onRetry: (_, count) => failures.push(count) },
  );
  expect([result, tries, failures]).toEqual(['done', [1, 2, 3], [1, 2]]);
});

test('the last error is thrown when the tries are used up', async () => {
  let tries = 0;
  const task = () => Promise.reject(new Error(`try ${(tries += 1)}`));
  await expect(retry(task, { policy: fast })).rejects.toThrow('try 4');
});

test('an error that is not worth another try is thrown at once', async () => {
  let tries = 0;
  const task = () => Promise.reject(new Error(`try ${(tries += 1)}`));
  await expect(retry(task, { policy: fast, retryable: () => false })).rejects.toThrow('try 1');
});

test('an abort is never retried, whoever throws it', async () => {
  let tries = 0;
  const task = () => {
    tries += 1;
    return Promise.reject(new DOMException('stopped', 'AbortError'));
  };
  await expect(retry(task, { policy: fast })).rejects.toThrow('stopped');
  expect(tries).toBe(1);
});

test('the signal ends a wait between two tries, and keeps a task from starting', async () => {
  const controller = new AbortController();
  let tries = 0;
  const task = async () => {
    tries += 1;
    throw new Error('down');
  };
  const waiting = retry(task, {
    policy: { ...fast, firstDelayMs: 60_000, maxDelayMs: 60_000 },
    signal: controller.signal,
    onRetry: () => controller.abort(new Error('enough')),
  });
  await expect(waiting).rejects.toThrow('enough');
  await expect(retry(task, { policy: fast, signal: controller.signal })).rejects.toThrow('enough');
  expect(tries).toBe(1);
});
