import { describe, expect, test } from 'vitest';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { Admission } from './admission.ts';
import { DecodeScheduler } from './scheduler.ts';

/** A house with an engine of `callMs` per call, one at a time, that has been measured. */
async function house(callMs: number, maxStreams = 100) {
  let nowMs = 0;
  const now = () => nowMs;
  const telemetry = new Telemetry({ processMetrics: false });
  const scheduler = new DecodeScheduler({ maxSlots: 1 }, { now });
  const admission = new Admission({ maxStreams, scheduler, telemetry, now });
  const waiting: (() => void)[] = [];
  const speak = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const run = () => {
      waiting.push(resolve);
      return promise;
    };
    scheduler.submit({ kind: 'final', tenant: 'a', audioS: 2, signal: new AbortController().signal, run });
  };
  /** One call comes to its end. */
  const answer = async () => {
    nowMs += callMs;
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  speak();
  await answer();
  nowMs += 300_000;
  const knock = (tenant: string) => {
    const refusal = admission.admit(tenant);
    return refusal ?? admission.enter(tenant);
  };
  /** How many of `count` streams that come at once are let in. */
  const crowd = (tenant: string, count: number) =>
    Array.from({ length: count }, () => knock(tenant)).filter((result) => typeof result === 'function');
  return { admission, scheduler, telemetry, speak, answer, knock, crowd, pass: (ms: number) => (nowMs += ms) };
}

describe('Admission', () => {
  test('more streams than the engine can serve in time are refused, with a time to come back', async () => {
    const { crowd, admission, telemetry } = await house(200);
    const entered = crowd('a', 40).length;
    // 5 calls a second carry 20 streams with an utterance every 4 s at the very most.
    expect(entered).toBeGreaterThanOrEqual(4);
    expect(entered).toBeLessThan(14);
    const refusal = admission.admit('a');
    expect(refusal).toMatchObject({ code: 'overloaded', status: 503, retryable: true });
    expect(refusal?.retryAfterS).toBeGreaterThanOrEqual(1);
    expect(await telemetry.registry.metrics()).toContain('eloquence_stt_refused_total{reason="overloaded"}');
  });

  test('a faster engine carries more', async () => {
    const slow = (await house(200)).crowd('a', 100).length;
    const fast = (await house(50)).crowd('a', 100).length;
    expect(fast).toBeGreaterThan(slow * 2);
  });

  test('one speaker alone is always let in, however slow the engine', async () => {
    const { admission } = await house(30_000);
    expect(admission.admit('a')).toBeUndefined();
  });

  test('streams on which nothing is said make room for others', async () => {
    const { crowd, pass } = await house(200);
    const first = crowd('a', 40).length;
    pass(60_000);
    expect(crowd('a', 40).length).toBeGreaterThan(first / 2);
  });

  test('an engine that has fallen behind takes nobody new until it has caught up', async () => {
    const { admission, speak, answer, pass } = await house(100);
    admission.enter('a');
    for (let count = 0; count < 3; count += 1) speak();
    pass(1_500);
    expect(admission.admit('a')).toMatchObject({ code: 'overloaded' });
    for (let count = 0; count < 3; count += 1) await answer();
    pass(60_000);
    expect(admission.admit('a')).toBeUndefined();
  });

  test('a tenant above its share is refused first when another wants in, and that one still finds room', async () => {
    const { knock, crowd } = await house(200);
    const many = crowd('many', 40).length;
    expect(knock('many')).toMatchObject({ code: 'overloaded', status: 503 });
    knock('one');
    expect(knock('many')).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(many).toBeGreaterThan(1);
  });

  test('near the limit room is kept for the tenant with less', async () => {
    const { crowd, knock } = await house(100);
    crowd('one', 1);
    expect(crowd('many', 80).length).toBeGreaterThan(1);
    expect(knock('many')).toMatchObject({ code: 'rate_limited' });
    expect(typeof knock('one')).toBe('function');
  });

  test('equal tenants do not shut each other out', async () => {
    const { crowd, knock } = await house(50, 10);
    for (let count = 0; count < 5; count += 1) {
      crowd('a', 1);
      crowd('b', 1);
    }
    expect(knock('a')).toMatchObject({ code: 'overloaded', message: 'All 10 streams are in use.' });
  });

  test('who leaves is counted out once', async () => {
    const { admission } = await house(50);
    const leave = admission.enter('a');
    admission.enter('a');
    leave();
    leave();
    expect(admission.streams).toBe(1);
  });
});
