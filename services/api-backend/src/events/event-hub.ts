import { eventKeys, interimSchema, type Interim } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Redis } from 'ioredis';

/** Somebody who follows one session. */
export interface Follower {
  /** There may be new events. */
  wake(): void;
  interim(interim: Interim): void;
}

/** Fans out what one Redis subscriber hears to whoever follows a session in this process. */
export class EventHub {
  readonly #subscriber: Redis;
  readonly #logger: Logger;
  readonly #followers = new Map<SessionId, Set<Follower>>();

  /** @param subscriber a connection of role `subscriber`, for this hub alone */
  constructor(subscriber: Redis, logger: Logger) {
    this.#subscriber = subscriber;
    this.#logger = logger;
    subscriber.on('message', (channel: string, payload: string) => this.#deliver(channel, payload));
    // Whatever was published while the connection was down has gone unheard.
    subscriber.on('ready', () => this.#wakeAll());
    this.#try(subscriber.subscribe(eventKeys.appended));
  }

  /** Starts following; the returned function stops it. */
  follow(sessionId: SessionId, follower: Follower): () => void {
    let followers = this.#followers.get(sessionId);
    if (!followers) {
      followers = new Set();
      this.#followers.set(sessionId, followers);
      this.#try(this.#subscriber.subscribe(eventKeys.interims(sessionId)));
    }
    followers.add(follower);
    return () => {
      if (!followers.delete(follower) || followers.size > 0 || this.#followers.get(sessionId) !== followers) return;
      this.#followers.delete(sessionId);
      this.#try(this.#subscriber.unsubscribe(eventKeys.interims(sessionId)));
    };
  }

  #deliver(channel: string, payload: string): void {
    if (channel === eventKeys.appended) {
      for (const follower of this.#followers.get(payload) ?? []) follower.wake();
      return;
    }
    const followers = this.#followers.get(channel.slice(eventKeys.interims('').length));
    const interim = followers && parseInterim(payload);
    if (interim) for (const follower of followers) follower.interim(interim);
  }

  #wakeAll(): void {
    for (const followers of this.#followers.values()) for (const follower of followers) follower.wake();
  }

  /** While Redis is away the client queues the command or, once closed, refuses it; it subscribes again by itself. */
  #try(command: Promise<unknown>): void {
    command.catch((error: unknown) => this.#logger.debug({ err: error }, 'a subscription failed'));
  }
}

function parseInterim(payload: string): Interim | undefined {
  try {
    return interimSchema.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}
