import { once } from 'node:events';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { RedisServer } from '@eloquence/testkit/redis-server';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { limiterRedis } from '../../http/rate-limit.ts';
import type { ChatCaller } from './ledger.ts';
import { Quotas } from './quotas.ts';
import type { QuotaSettings } from './settings.ts';

const caller: ChatCaller = { tenant: 'marie', sessionId: 'ses_aaaaaaaaaaaaaaaaaaaa', purpose: 'talk' };
const none: QuotaSettings = {
  tenantRequestsPerMinute: 0,
  tenantTokensPerDay: 0,
  sessionRequestsPerMinute: 0,
  sessionTokens: 0,
};
const { signal } = new AbortController();
const logger = createLogger('test', 'silent');

/** What a refusal says; undefined when it was admitted. */
const refused = async (attempt: Promise<void>) => {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error as { code: string; message: string; retryAfterS: number; retryable: boolean };
};

describe('quotas', () => {
  let server: RedisServer;
  let main: Redis;
  let redis: Redis;
  let telemetry: Telemetry;
  beforeAll(async () => {
    server = await RedisServer.start();
    main = createRedis(server.url, 'commands', logger);
    redis = limiterRedis(main);
    await once(redis, 'ready');
  });
  afterAll(async () => {
    await Promise.all([main, redis].map(closeRedis));
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await main.flushdb();
    telemetry = new Telemetry({ processMetrics: false });
  });
  const quotas = (settings: Partial<QuotaSettings>) =>
    new Quotas({ settings: { ...none, ...settings }, redis, telemetry, logger });

  it('count exactly, also when many ask at once on several instances', async () => {
    const one = quotas({ sessionRequestsPerMinute: 10 });
    const other = quotas({ sessionRequestsPerMinute: 10 });
    const asked = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? one : other).admit(caller, signal)),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(await telemetry.registry.metrics()).toContain('eloquence_llm_refused_total{reason="session_requests"} 40');
  });

  it('let those in at once who are far from their limits, count them all the same, and are exact near the limit', async () => {
    const generous = quotas({ sessionRequestsPerMinute: 100 });
    await generous.admit(caller, signal);
    server.freeze();
    const startedAtMs = performance.now();
    await generous.admit(caller, signal);
    const waitedMs = performance.now() - startedAtMs;
    server.thaw();
    expect(waitedMs).toBeLessThan(50);
    await expect.poll(() => main.get(`llm:requests:session:${caller.sessionId}`)).toBe('2');
    const one = quotas({ sessionRequestsPerMinute: 100 });
    const asked: PromiseSettledResult<void>[] = [];
    for (let turn = 0; turn < 10; turn += 1)
      asked.push(...(await Promise.allSettled(Array.from({ length: 20 }, () => one.admit(caller, signal)))));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(98);
  });

  it('name the limit, its setting and when it is free again', async () => {
    const perMinute = quotas({ tenantRequestsPerMinute: 1 });
    await perMinute.admit(caller, signal);
    const limited = await refused(perMinute.admit({ tenant: 'marie', purpose: 'talk' }, signal));
    expect(limited).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(limited.message).toMatch(/At most 1 requests .*LLM_TENANT_REQUESTS_PER_MINUTE.*in \d+ s/);
    expect(limited.retryAfterS).toBeGreaterThan(50);
    expect(limited.retryAfterS).toBeLessThanOrEqual(60);
    await expect(perMinute.admit({ tenant: 'paul', purpose: 'talk' }, signal)).resolves.toBeUndefined();
  });

  it('are free again after the minute', async () => {
    const perMinute = quotas({ sessionRequestsPerMinute: 1 });
    await perMinute.admit(caller, signal);
    expect(await refused(perMinute.admit(caller, signal))).toMatchObject({ code: 'rate_limited' });
    await main.pexpire(`llm:requests:session:${caller.sessionId}`, 20);
    await expect.poll(() => refused(perMinute.admit(caller, signal))).toBeUndefined();
    expect(await main.pttl(`llm:requests:session:${caller.sessionId}`)).toBeGreaterThan(50_000);
  });

  it('let the answer that reaches a sum be finished, and no other begin', async () => {
    const sums = quotas({ sessionTokens: 100, tenantTokensPerDay: 1_000, sessionRequestsPerMinute: 5 });
    await sums.admit(caller, signal);
    sums.count(caller, 99);
    await expect.poll(() => main.get(`llm:tokens:session:${caller.sessionId}`)).toBe('99');
    await sums.admit(caller, signal);
    sums.count(caller, 500);
    await expect
      .poll(() => refused(sums.admit(caller, signal)))
      .toMatchObject({
        code: 'quota_exceeded',
        retryable: false,
        message: expect.stringMatching(/100 tokens of this session.*LLM_SESSION_TOKENS/),
      });
    const other: ChatCaller = { ...caller, sessionId: 'ses_bbbbbbbbbbbbbbbbbbbb' };
    await sums.admit(other, signal);
    sums.count(other, 99);
    sums.count({ tenant: 'marie', purpose: 'talk' }, 400);
    await expect
      .poll(() => refused(sums.admit(other, signal)))
      .toMatchObject({
        code: 'quota_exceeded',
        message: expect.stringMatching(/1,000 tokens per day.*LLM_TENANT_TOKENS_PER_DAY.*midnight UTC/),
      });
  });

  it('do not count what they refuse', async () => {
    const both = quotas({ sessionRequestsPerMinute: 1, tenantRequestsPerMinute: 3 });
    for (let index = 0; index < 9; index += 1) await refused(both.admit(caller, signal));
    expect(await main.get('llm:requests:tenant:marie')).toBe('1');
  });

  it('leave our own services alone unless they speak for a session', async () => {
    const strict = quotas({ tenantRequestsPerMinute: 1, tenantTokensPerDay: 1, sessionRequestsPerMinute: 2 });
    const internal: ChatCaller = { tenant: 'internal', purpose: 'summarise' };
    for (let index = 0; index < 5; index += 1) await strict.admit(internal, signal);
    const lost: ChatCaller = { ...internal, sessionId: 'ses_cccccccccccccccccccc' };
    await strict.admit(lost, signal);
    await strict.admit(lost, signal);
    expect(await refused(strict.admit(lost, signal))).toMatchObject({ code: 'rate_limited' });
  });

  it('are kept to by each instance while Redis is stuck or away, and one answer is delayed a little', async () => {
    const strict = quotas({ sessionRequestsPerMinute: 4, sessionTokens: 10 });
    await strict.admit(caller, signal);
    const timed = async () => {
      const startedAtMs = performance.now();
      await strict.admit(caller, signal);
      return performance.now() - startedAtMs;
    };
    server.freeze();
    try {
      expect(await timed()).toBeLessThan(400);
      expect(await timed()).toBeLessThan(20);
    } finally {
      server.thaw();
    }
    await server.kill();
    await expect.poll(() => redis.status).not.toBe('ready');
    expect(await timed()).toBeLessThan(20);
    strict.count(caller, 50);
    const limited = await refused(strict.admit(caller, signal));
    expect(limited).toMatchObject({ code: 'rate_limited', message: expect.stringMatching(/At most 4 requests/) });
    expect(limited.retryAfterS).toBeGreaterThan(30);
    await strict.admit({ ...caller, sessionId: 'ses_dddddddddddddddddddd' }, signal);
    await server.start();
    await expect.poll(() => redis.status).toBe('ready');
  });

  it('do not take a process that is busy itself for a Redis that is slow', async () => {
    const logged = vi.spyOn(logger, 'warn');
    const strict = quotas({ tenantRequestsPerMinute: 2 });
    const asked = Promise.allSettled(Array.from({ length: 9 }, () => strict.admit(caller, signal)));
    const busyUntilMs = performance.now() + 300;
    while (performance.now() < busyUntilMs);
    expect((await asked).filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await main.get('llm:requests:tenant:marie')).toBe('2');
    expect(logged).not.toHaveBeenCalled();
  });
});
