import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Redis } from 'ioredis';
import { reachable } from '../http/dependency.ts';

const EXPIRY_S = 86_400;
const key = (sessionId: SessionId) => `presence:${sessionId}`;

/** What was last seen of the person of a session, by LiveKit's webhooks or a look into the room. */
export type Seen = 'joined' | 'left';

/** Remembers whether a person was ever in the room: LiveKit forgets it with the room. */
export class Presence {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async mark(sessionId: SessionId, seen: Seen): Promise<void> {
    await reachable('Redis', this.#redis.set(key(sessionId), seen, 'EX', EXPIRY_S));
  }

  async get(sessionId: SessionId): Promise<Seen | undefined> {
    const seen = await reachable('Redis', this.#redis.get(key(sessionId)));
    return seen === 'joined' || seen === 'left' ? seen : undefined;
  }

  async forget(sessionId: SessionId): Promise<void> {
    await reachable('Redis', this.#redis.del(key(sessionId)));
  }

  /** True for the first caller within `forMs`; other instances, and repeated webhooks, get false. */
  async isFirst(name: string, forMs: number): Promise<boolean> {
    return (await reachable('Redis', this.#redis.set(`once:${name}`, '1', 'PX', forMs, 'NX'))) === 'OK';
  }

  /** Lets the next caller be first again, after the work failed. */
  async again(name: string): Promise<void> {
    await this.#redis.del(`once:${name}`).catch(() => undefined);
  }
}
