import { createLogger } from '@eloquence/shared/runtime/logger';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import { randomText } from '@eloquence/shared/runtime/ids';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Presence } from './presence.ts';

const redis = createRedis(inject('redisUrl'), 'commands', createLogger('test', 'silent'));
const presence = new Presence(redis);

beforeAll(() => redis.ping());
afterAll(() => closeRedis(redis));

describe('a claim', () => {
  it('is one caller’s until it is given back', async () => {
    const name = `test:${randomText(8)}`;
    const release = await presence.claim(name, 60_000);
    expect(release).toBeDefined();
    expect(await presence.claim(name, 60_000)).toBeUndefined();
    await release?.();
    expect(await presence.claim(name, 60_000)).toBeDefined();
  });

  it('of a holder who was too slow takes nothing from who came next', async () => {
    const name = `test:${randomText(8)}`;
    const slow = await presence.claim(name, 20);
    await expect.poll(() => redis.exists(`once:${name}`)).toBe(0);
    expect(await presence.claim(name, 60_000)).toBeDefined();
    await slow?.();
    expect(await presence.claim(name, 60_000)).toBeUndefined();
  });
});
