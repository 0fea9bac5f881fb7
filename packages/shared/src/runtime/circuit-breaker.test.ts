import { AppError } from './errors.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';

const away = new AppError('unavailable', 'It cannot be reached.', { cause: 'ECONNREFUSED' });
const failed = new AppError('upstream_failed', 'It failed.');

/** Health of an engine that answers probes only when `answers` says so. */
function bench(answers = { now: true }) {
  const probes: number[] = [];
  const health = new CircuitBreaker({
    firstProbeMs: 10,
    probe: async () => {
      probes.push(performance.now());
      if (!answers.now) throw new Error('still away');
    },
  });
  onTestFinished(() => health.close());
  return { health, probes, answers };
}

describe('CircuitBreaker', () => {
  test('an engine that cannot be reached is away at once, one that fails after two in a row', () => {
    const { health } = bench();
    health.failed(failed);
    expect(health.able).toBe(true);
    health.succeeded();
    health.failed(failed);
    expect(health.able).toBe(true);
    health.failed(failed);
    expect(health.able).toBe(false);
    const other = bench().health;
    other.failed(away);
    expect(other).toMatchObject({ able: false, answers: false, fault: away });
  });

  test('an engine that fails every second time is away after a while, one that fails now and then is not', () => {
    const other = bench().health;
    for (let round = 0; round < 20; round += 1) {
      other.failed(failed);
      other.succeeded();
      other.succeeded();
    }
    expect(other.able).toBe(true);
    const half = bench().health;
    let rounds = 0;
    for (; half.able && rounds < 20; rounds += 1) {
      half.failed(failed);
      if (half.able) half.succeeded();
    }
    expect(rounds).toBe(5);
  });

  test('an engine that answers again gets one piece of work; more when that succeeds', async () => {
    const { health } = bench();
    health.failed(away);
    await expect.poll(() => health.able).toBe(true);
    health.entered();
    expect(health).toMatchObject({ able: false, answers: true });
    health.left();
    expect(health.able).toBe(true);
    health.entered();
    health.succeeded();
    expect(health).toMatchObject({ able: true, fault: undefined });
  });

  test('an engine that fails on trial is away again, and probed later than before', async () => {
    const { health, probes } = bench();
    health.failed(away);
    await expect.poll(() => health.able).toBe(true);
    health.entered();
    const failedMs = performance.now();
    health.failed(failed);
    expect(health.able).toBe(false);
    await expect.poll(() => health.able).toBe(true);
    expect(probes[1]).toBeGreaterThan(failedMs + 15);
  });

  test('an engine that stays away is probed ever more seldom', async () => {
    const { health, probes, answers } = bench({ now: false });
    health.failed(away);
    await expect.poll(() => probes.length).toBe(4);
    const gaps = probes.slice(1).map((atMs, index) => atMs - (probes[index] ?? 0));
    expect(gaps[2]).toBeGreaterThan((gaps[0] ?? 0) * 1.5);
    expect(health.able).toBe(false);
    answers.now = true;
    await expect.poll(() => health.able).toBe(true);
  });

  test('an engine that asked for time is left alone for it', async () => {
    const { health, probes } = bench();
    health.failed(new AppError('rate_limited', 'It limits us.', { retryAfterS: 1, cause: 'HTTP 429' }));
    expect(health.able).toBe(false);
    const startMs = performance.now();
    await expect.poll(() => probes.length, { timeout: 3_000 }).toBe(1);
    expect((probes[0] ?? 0) - startMs).toBeGreaterThan(900);
  });
});
