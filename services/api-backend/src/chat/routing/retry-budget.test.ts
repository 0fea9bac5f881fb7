import { expect, test } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

function extraCalls(requests: number): number {
  const budget = new RetryBudget();
  let calls = 0;
  for (let at = 0; at < requests; at += 1) {
    budget.earn();
    // Everything fails, so each request would try twice more.
    if (budget.spend()) calls += 1;
    if (budget.spend()) calls += 1;
  }
  return calls;
}

test('in an outage extra calls are a fifth of the requests and the reserve', () => {
  for (const requests of [1, 10, 100, 1_000, 10_000]) {
    expect(extraCalls(requests)).toBeLessThanOrEqual(Math.ceil(requests * 0.2) + 10);
    expect(extraCalls(requests)).toBeGreaterThanOrEqual(Math.min(2 * requests, Math.floor(requests * 0.2) + 8));
  }
});

test('quiet times save up no more than the reserve', () => {
  const budget = new RetryBudget();
  for (let at = 0; at < 1_000; at += 1) budget.earn();
  let calls = 0;
  while (budget.spend()) calls += 1;
  expect(calls).toBe(10);
  expect(budget.allows).toBe(false);
});

test('five requests pay for one call', () => {
  const budget = new RetryBudget();
  while (budget.spend());
  for (let at = 0; at < 4; at += 1) budget.earn();
  expect(budget.allows).toBe(false);
  budget.earn();
  expect(budget.spend()).toBe(true);
});
