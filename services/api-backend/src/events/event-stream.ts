import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Interim, SessionEvent } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { eventTime } from '@eloquence/shared/runtime/event-log';
import type { Follower } from './event-hub.ts';
import type { EventReader } from './event-reader.ts';

/** A reader that lets so much pile up is cut: it can come back with Last-Event-ID and miss nothing. */
const MAX_BUFFERED_BYTES = 1_048_576;
/** Interims are for the eye and soon replaced: a reader that is behind does not get them. */
const MAX_BUFFERED_FOR_INTERIMS_BYTES = 65_536;
const HEARTBEAT_MS = 15_000;
/** After a failed look (Redis or Postgres away) the stream looks again this often. */
const RETRY_MS = 1_000;
/** While history is replayed at the reader's speed: longest time without it taking anything. */
const STALL_MS = 30_000;
/** An ended meeting whose minutes are written: what was committed a moment ago is still being said. */
const LAST_NEWS_MS = 2_000;
/** What the browser waits before it comes back. */
const RECONNECT_MS = 1_000;

export interface EventStreamOptions {
  readonly response: ServerResponse;
  readonly headers: Record<string, number | string | string[] | undefined>;
  readonly reader: EventReader;
  readonly sessionId: SessionId;
  readonly afterSeq: number;
  /** True when the session was deleted: nothing more will come, not even `session.ended`. */
  readonly isGone: () => Promise<boolean>;
  /** `session.ended` was sent: whether something follows, as minutes follow a meeting. */
  readonly awaitsMinutes: () => Promise<boolean>;
  readonly onClose: () => void;
}

/**
 * One `text/event-stream` answer. Wake-ups only say "look": what is sent always comes from the log, after the last number sent,
 * so neither a lost nor a double wake-up can lose or repeat an event.
 */
export class EventStream implements Follower {
  readonly #options: EventStreamOptions;
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;
  #cursor: number;
  #live = false;
  #ended = false;
  /** Minutes were waited for, and are there. */
  #waited = false;
  #lastNews: NodeJS.Timeout | undefined;
  #looking = false;
  #lookAgain = false;
  #closed = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#cursor = options.afterSeq;
    this.#response.on('close', () => this.#close());
    this.#response.on('error', () => this.#close());
    this.#response.writeHead(200, {
      ...options.headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    this.#response.write(`retry: ${RECONNECT_MS}\n\n`);
    this.#heartbeat = setInterval(() => {
      this.#write(': still here\n\n');
      this.wake();
    }, HEARTBEAT_MS);
  }

  wake(): void {
    if (this.#closed) return;
    this.#lookAgain = true;
    if (!this.#looking) void this.#look();
  }

  interim(interim: Interim): void {
    if (this.#closed || !this.#live || this.#response.writableLength > MAX_BUFFERED_FOR_INTERIMS_BYTES) return;
    this.#write(`event: ${interim.type}\ndata: ${JSON.stringify(interim)}\n\n`);
  }

  /** Ends the answer; the client comes back by itself, elsewhere or later. */
  end(): void {
    this.#response.end();
    this.#close();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    clearTimeout(this.#retry);
    try {
      while (this.#lookAgain && !this.#closed) {
        this.#lookAgain = false;
        await this.#sendNew();
      }
    } catch {
      // The reader has its connection; the part that is away comes back. Readiness and the log speak of it.
      if (!this.#closed) this.#retry = setTimeout(() => this.wake(), RETRY_MS);
    } finally {
      this.#looking = false;
    }
  }

  async #sendNew(): Promise<void> {
    const { reader, sessionId } = this.#options;
    let sent = 0;
    for (;;) {
      const events = await reader.next(sessionId, this.#cursor);
      if (events.length === 0 || this.#closed) break;
      for (const event of events) {
        await this.#send(event);
        // An end that was taken back is not the end.
        if (event.type === 'session.ended') this.#ended = true;
        if (event.type === 'session.resumed') this.#ended = false;
      }
      sent += events.length;
    }
    this.#live = true;
    if (this.#ended) await this.#endUnlessMinutesCome();
    else if (sent === 0 && !this.#closed && (await this.#options.isGone())) this.#sayDeleted();
  }

  async #endUnlessMinutesCome(): Promise<void> {
    const awaits = await this.#options.awaitsMinutes();
    clearTimeout(this.#lastNews);
    if (awaits) {
      this.#waited = true;
      return;
    }
    if (!this.#waited) return this.end();
    this.#lastNews = setTimeout(() => this.end(), LAST_NEWS_MS);
  }

  async #send(event: SessionEvent): Promise<void> {
    const flushed = this.#write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    this.#cursor = event.seq;
    if (flushed || this.#closed) return;
    // Live, a turn of the event loop lets the socket take what it can; what it cannot take piles up to the limit.
    if (this.#live) await setImmediate();
    else await this.#drained();
  }

  /** Replay goes at the reader's speed. */
  async #drained(): Promise<void> {
    const waiting = new AbortController();
    const stalled = setTimeout(() => this.#response.destroy(), STALL_MS);
    const events = ['drain', 'close'].map((name) => once(this.#response, name, { signal: waiting.signal }));
    try {
      await Promise.race(events);
    } finally {
      clearTimeout(stalled);
      waiting.abort();
      await Promise.allSettled(events);
    }
  }

  /** The log went with the session, so its end is told without a number. */
  #sayDeleted(): void {
    const event = { type: 'session.ended', at: eventTime(), reason: 'deleted', session_id: this.#options.sessionId };
    this.#write(`event: session.ended\ndata: ${JSON.stringify(event)}\n\n`);
    this.end();
  }

  #write(text: string): boolean {
    if (this.#closed) return true;
    const flushed = this.#response.write(text);
    if (this.#response.writableLength > MAX_BUFFERED_BYTES) this.#response.destroy();
    return flushed;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#retry);
    clearTimeout(this.#lastNews);
    this.#options.onClose();
  }
}
