import type { ServerResponse } from 'node:http';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { SessionStore } from '../sessions/session-store.ts';
import type { EventHub } from './event-hub.ts';
import type { EventReader } from './event-reader.ts';
import { EventStream } from './event-stream.ts';

/** Streams one process keeps open; further readers are sent elsewhere. */
const MAX_STREAMS = 2_000;

export interface EventStreamsDeps {
  readonly reader: EventReader;
  readonly hub: EventHub;
  readonly store: SessionStore;
  readonly telemetry: Telemetry;
}

/** Every open event stream of this process. */
export class EventStreams {
  readonly #deps: EventStreamsDeps;
  readonly #open = new Set<EventStream>();
  #closing = false;

  constructor(deps: EventStreamsDeps) {
    this.#deps = deps;
  }

  /** True when there is something after `afterSeq` now. */
  async hasNews(sessionId: SessionId, afterSeq: number): Promise<boolean> {
    return (await this.#deps.reader.next(sessionId, afterSeq)).length > 0;
  }

  /** @throws AppError `overloaded` when there are too many, `unavailable` while closing */
  admit(): void {
    if (this.#closing) throw new AppError('unavailable', 'The service is restarting. Try again.', { retryAfterS: 1 });
    if (this.#open.size >= MAX_STREAMS) {
      throw new AppError('overloaded', 'Too many event streams are open. Try again later.', { retryAfterS: 5 });
    }
  }

  /** Answers with the events after `afterSeq` and then follows the session. */
  start(
    sessionId: SessionId,
    afterSeq: number,
    answer: {
      readonly response: ServerResponse;
      readonly headers: Record<string, number | string | string[] | undefined>;
    },
  ): void {
    const { hub, reader, store } = this.#deps;
    const stream = new EventStream({
      ...answer,
      reader,
      sessionId,
      afterSeq,
      isGone: async () => (await store.find(sessionId)) === undefined,
      awaitsMinutes: () => store.awaitsMinutes(sessionId),
      onClose: () => {
        unfollow();
        this.#open.delete(stream);
        this.#count();
      },
    });
    const unfollow = hub.follow(sessionId, stream);
    this.#open.add(stream);
    this.#count();
    stream.wake();
  }

  /** Ends all streams and admits no more. */
  close(): void {
    this.#closing = true;
    for (const stream of this.#open) stream.end();
  }

  #count(): void {
    this.#deps.telemetry.set('eloquence_sse_clients', this.#open.size);
  }
}
