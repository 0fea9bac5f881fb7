import type { SessionEvent } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';

/** Reads events with `seq > afterSeq` in order, at most `limit`. */
export type ReadEvents = (sessionId: SessionId, afterSeq: number, limit: number) => Promise<SessionEvent[]>;

export interface EventSources {
  /** The Redis stream: everything that Postgres may not have yet. */
  readonly stream: ReadEvents;
  /** Postgres: everything that has left the stream, and perhaps more. */
  readonly stored: ReadEvents;
}

export const EVENT_PAGE = 500;

/**
 * Reads one ordered log out of two places while events move from one to the other.
 *
 * An event leaves the stream only after Postgres has it. So the stream is read first and Postgres second: what moves in between
 * is seen in Postgres. Two consumers may commit out of order, which leaves a hole in one look; a second look is certain to
 * see what fills it, because a higher number proves that the lower one was written before. A hole that remains is an entry
 * that was set aside as invalid.
 */
export class EventReader {
  readonly #sources: EventSources;
  readonly #pageSize: number;

  constructor(sources: EventSources, pageSize = EVENT_PAGE) {
    this.#sources = sources;
    this.#pageSize = pageSize;
  }

  /** The next events after `afterSeq`: in order, without gap or duplicate; empty when there are none yet. */
  async next(sessionId: SessionId, afterSeq: number): Promise<SessionEvent[]> {
    const first = await this.#look(sessionId, afterSeq);
    const run = contiguousLength(first, afterSeq);
    if (run === first.length) return first;
    if (run > 0) return first.slice(0, run);
    const proven = first.at(-1)?.seq ?? afterSeq;
    return (await this.#look(sessionId, afterSeq)).filter((event) => event.seq <= proven);
  }

  /** Everything from `afterSeq` on, page by page, until there is no more. */
  async *all(sessionId: SessionId, afterSeq = 0): AsyncGenerator<SessionEvent> {
    let cursor = afterSeq;
    for (;;) {
      const page = await this.next(sessionId, cursor);
      yield* page;
      const last = page.at(-1);
      if (!last) return;
      cursor = last.seq;
    }
  }

  async #look(sessionId: SessionId, afterSeq: number): Promise<SessionEvent[]> {
    const limit = this.#pageSize;
    const streamed = await this.#sources.stream(sessionId, afterSeq, limit);
    if (streamed.length > 0 && contiguousLength(streamed, afterSeq) === streamed.length) return streamed;
    const stored = await this.#sources.stored(sessionId, afterSeq, limit);
    // A full page ends before its source does, so beyond its last number the union may have holes.
    const horizon = Math.min(
      ...[streamed, stored].map((page) => (page.length < limit ? Infinity : (page.at(-1)?.seq ?? 0))),
    );
    const union = new Map([...stored, ...streamed].map((event) => [event.seq, event]));
    return [...union.values()].filter((event) => event.seq <= horizon).toSorted((a, b) => a.seq - b.seq);
  }
}

/** How many events, from the first, follow `afterSeq` without a gap. */
function contiguousLength(events: readonly SessionEvent[], afterSeq: number): number {
  let length = 0;
  while (events[length]?.seq === afterSeq + length + 1) length += 1;
  return length;
}
