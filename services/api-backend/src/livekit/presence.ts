import type { SessionId } from '@eloquence/shared/contracts/ids';
import { endReasonSchema, type EndReason } from '@eloquence/shared/contracts/sessions';
import { randomText } from '@eloquence/shared/runtime/ids';
import { releaseLease } from '@eloquence/shared/runtime/lease';
import type { Redis } from 'ioredis';
import { reachable } from '../http/dependency.ts';

const EXPIRY_S = 86_400;
const key = (sessionId: SessionId) => `presence:${sessionId}`;
const endKey = (sessionId: SessionId) => `ending:${sessionId}`;
const heldKey = (sessionId: SessionId) => `held:${sessionId}`;

/** What was last seen of the person of a session, by LiveKit's webhooks or a look into the room. */
export type Seen = 'joined' | 'left';

/** Remembers whether a person was ever in the room, which LiveKit forgets with it, and why a session is ending. */
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
    await reachable('Redis', this.#redis.del(key(sessionId), endKey(sessionId), heldKey(sessionId)));
  }

  /** Says that a session is being ended and why. Of several who do, the first decides: its reason is what all get. */
  async claimEnd(sessionId: SessionId, reason: EndReason): Promise<EndReason> {
    const before = await reachable('Redis', this.#redis.set(endKey(sessionId), reason, 'EX', EXPIRY_S, 'NX', 'GET'));
    return endReasonSchema.safeParse(before).data ?? reason;
  }

  async isEnding(sessionId: SessionId): Promise<boolean> {
    return (await reachable('Redis', this.#redis.exists(endKey(sessionId)))) === 1;
  }

  /** Says that somebody is at work on a session that may have nobody in its room, or no room, for so long. */
  async hold(sessionId: SessionId, forMs: number): Promise<void> {
    await reachable('Redis', this.#redis.set(heldKey(sessionId), '1', 'PX', forMs));
  }

  async isHeld(sessionId: SessionId): Promise<boolean> {
    return (await reachable('Redis', this.#redis.exists(heldKey(sessionId)))) === 1;
  }

  /**
   * The first caller within `forMs` gets the means to let the next one be first; other instances, and repeated webhooks, get
   * undefined. Whoever held on for longer than that takes nothing from who came next.
   */
  async claim(name: string, forMs: number): Promise<(() => Promise<void>) | undefined> {
    const claim = `once:${name}`;
    const owner = randomText(16);
    if ((await reachable('Redis', this.#redis.set(claim, owner, 'PX', forMs, 'NX'))) !== 'OK') return undefined;
    return async () => void (await releaseLease(this.#redis, claim, owner).catch(() => false));
  }
}
