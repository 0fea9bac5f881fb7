import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextRestart } from './backoff.mjs';

/**
 * @param {number} count
 * @param {number} aliveMs
 */
function crashes(count, aliveMs) {
  const seen = [];
  let quickFailures = 0;
  for (let i = 0; i < count; i += 1) {
    const next = nextRestart({ quickFailures, aliveMs, random: 0 });
    ({ quickFailures } = next);
    seen.push(next);
  }
  return seen;
}

void test('restarts double from half a second and settle at thirty seconds after five quick failures', () => {
  assert.deepEqual(
    crashes(7, 100).map(({ delayMs }) => delayMs),
    [500, 1000, 2000, 4000, 8000, 30_000, 30_000],
  );
});

void test('what to look at is said once, at the fifth quick failure', () => {
  assert.deepEqual(
    crashes(7, 100).map(({ advise }) => advise),
    [false, false, false, false, true, false, false],
  );
});

void test('a process that lived for a minute starts again as after its first failure', () => {
  const next = nextRestart({ quickFailures: 6, aliveMs: 60_000, random: 0 });
  assert.deepEqual(next, { quickFailures: 1, delayMs: 500, advise: false });
});

void test('jitter lengthens a delay by a fifth at most and never beyond thirty seconds', () => {
  assert.equal(nextRestart({ quickFailures: 0, aliveMs: 0, random: 1 }).delayMs, 600);
  assert.equal(nextRestart({ quickFailures: 9, aliveMs: 0, random: 1 }).delayMs, 30_000);
});
