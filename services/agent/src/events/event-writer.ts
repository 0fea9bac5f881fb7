import type { Interim, SessionEventBody } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { reconnectPolicy, retryDelayMs } from '@eloquence/shared/runtime/retry';
import type { SpoolFile } from './spool.ts';

/** Events that wait for Redis in memory. Drop policy `drop-newest-passing`: states and measurements go, words stay. */
const MAX_WAITING = 5_000;
const PASSING: ReadonlySet<SessionEventBody['type']> = new Set(['state.changed', 'turn.measured']);

export interface EventWriterOptions {
  readonly sessionId: SessionId;
  readonly log: Pick<EventLog, 'append' | 'publishInterim'>;
  readonly spool: SpoolFile;
  readonly logger: Logger;
}

interface Waiting {
  readonly body: SessionEventBody;
  spooled: boolean;
}

/**
 * Writes the facts of one session, in order. Never blocks and never throws: while Redis is away events wait in memory and on
 * disk, and go out when it is back. What is still on disk when the process ends is sent by the worker.
 */
export class EventWriter {
  readonly #options: EventWriterOptions;
  readonly #waiting: Waiting[] = [];
  readonly #closing = new AbortController();
  #pump: Promise<void> | undefined;
  #last: (() => SessionEventBody) | undefined;
  #away = false;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  /** Events Redis does not have yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  append(body: SessionEventBody): void {
    if (this.#waiting.length >= MAX_WAITING && PASSING.has(body.type)) return;
    this.#waiting.push({ body, spooled: false });
    this.#start();
  }

  /** Keeps the event that closing appends after all others. */
  appendLast(last: () => SessionEventBody): void {
    this.#last = last;
  }

  /** Shows a hypothesis to whoever looks now; lost when Redis is away, as the next one replaces it. */
  interim(interim: Interim): void {
    if (this.#away) return;
    this.#options.log.publishInterim(this.#options.sessionId, interim).catch(() => {});
  }

  /** Waits at most `timeoutMs` for Redis to have everything; the rest stays on disk. @returns events left behind */
  async close(timeoutMs: number): Promise<number> {
    if (this.#last) this.append(this.#last());
    const deadline = AbortSignal.timeout(timeoutMs);
    deadline.addEventListener('abort', () => this.#closing.abort());
    while (this.#waiting.length > 0 && !this.#closing.signal.aborted) {
      this.#start();
      await this.#pump;
    }
    // All is out, but the file of what waited may still be there, and would be sent again by the next process.
    if (this.#waiting.length === 0) await this.#pump;
    await this.#spool();
    return this.#waiting.length;
  }

  #start(): void {
    this.#pump ??= this.#run().finally(() => {
      this.#pump = undefined;
      if (this.#waiting.length > 0 && !this.#closing.signal.aborted) this.#start();
    });
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#waiting.length > 0 && !this.#closing.signal.aborted;) {
      const next = this.#waiting[0] as Waiting;
      if (await this.#send(next.body)) {
        this.#waiting.shift();
        failures = 0;
        continue;
      }
      failures += 1;
      await this.#spool();
      await delay(retryDelayMs(reconnectPolicy, failures), this.#closing.signal).catch(() => {});
    }
    if (this.#waiting.length === 0) await this.#options.spool.clear();
  }

  /** @returns true when the event is done with: written, or not of its contract and useless to send again */
  async #send(body: SessionEventBody): Promise<boolean> {
    const { log, logger, sessionId } = this.#options;
    try {
      await log.append(sessionId, body);
      if (this.#away) logger.info({ waiting: this.#waiting.length - 1 }, 'the event log is back');
      this.#away = false;
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'invalid_request') {
        logger.error({ err: error, type: body.type }, 'an event was not of its contract and is lost');
        return true;
      }
      if (!this.#away) logger.warn({ err: error }, 'the event log is away, events wait');
      this.#away = true;
      return false;
    }
  }

  async #spool(): Promise<void> {
    const { spool, logger } = this.#options;
    try {
      for (const entry of this.#waiting) {
        if (entry.spooled) continue;
        if (!(await spool.write(entry.body))) return;
        entry.spooled = true;
      }
    } catch (error) {
      logger.error({ err: error }, 'events cannot be kept on disk, only in memory');
    }
  }
}
