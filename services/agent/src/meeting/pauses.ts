import { eventKeys, type SessionEvent } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Redis } from 'ioredis';
import { readEvents } from './past.ts';

/** A wake-up may be lost with its connection; then this is how late a pause is noticed. */
const LOOK_EVERY_MS = 2_000;

export interface PausesOptions {
  readonly sessionId: SessionId;
  readonly log: Pick<EventLog, 'read'>;
  /** A client of its own for the wake-ups. */
  readonly subscriber: Redis;
  readonly logger: Logger;
  /** The meeting's clock was started before anybody was there, ms since epoch. */
  readonly onStarted: (atMs: number) => void;
  /** Begin of the pause, ms of the session. */
  readonly onPaused: (atMs: number) => void;
  /** The pause is over, ms of the session. */
  readonly onContinued: (fromMs: number, toMs: number) => void;
}

/** Follows whether the recording is paused, by what api-backend writes into the session's log. */
export class Pauses {
  readonly #options: PausesOptions;
  #lastSeq = 0;
  #pausedAtMs: number | undefined;
  #looking = false;
  #lookAgain = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PausesOptions) {
    this.#options = options;
  }

  /** When the pause began that lasts now, ms of the session. */
  get pausedAtMs(): number | undefined {
    return this.#pausedAtMs;
  }

  /** Takes note of what was before, then follows. */
  start(events: readonly SessionEvent[]): void {
    const { subscriber, sessionId, logger } = this.#options;
    this.#take(events);
    subscriber.on('message', (_channel, id) => id === sessionId && this.#wake());
    subscriber.on('ready', () => this.#wake());
    subscriber.subscribe(eventKeys.appended).catch((error: unknown) => logger.debug({ err: error }, 'no wake-ups'));
    this.#timer = setInterval(() => this.#wake(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#options.subscriber.removeAllListeners('message').removeAllListeners('ready');
  }

  #wake(): void {
    this.#lookAgain = true;
    if (!this.#looking) void this.#look();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#lookAgain) {
        this.#lookAgain = false;
        this.#take(await readEvents(this.#options.log, this.#options.sessionId, this.#lastSeq));
      }
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the log cannot be followed now');
    } finally {
      this.#looking = false;
    }
  }

  #take(events: readonly SessionEvent[]): void {
    for (const event of events) {
      this.#lastSeq = Math.max(this.#lastSeq, event.seq);
      if (event.type === 'session.started') this.#options.onStarted(Date.parse(event.at));
      if (event.type === 'recording.paused' && this.#pausedAtMs === undefined) {
        this.#pausedAtMs = event.at_ms;
        this.#options.onPaused(event.at_ms);
      } else if (event.type === 'recording.continued' && this.#pausedAtMs !== undefined) {
        const fromMs = this.#pausedAtMs;
        this.#pausedAtMs = undefined;
        this.#options.onContinued(fromMs, event.at_ms);
      } else if (event.type === 'session.resumed') this.#pausedAtMs = undefined;
    }
  }
}
