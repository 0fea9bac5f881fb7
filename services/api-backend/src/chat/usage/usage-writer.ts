import { randomText } from '@eloquence/shared/runtime/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { reconnectPolicy, retryDelayMs } from '@eloquence/shared/runtime/retry';
import { keyOf, sumOf, type UsageRow } from './usage-row.ts';

/** Rows to be added in one piece; `writer` and `number` make it known when it comes a second time. */
export interface UsageBatch {
  readonly writer: string;
  /** From 1, in order. */
  readonly number: number;
  readonly rows: readonly UsageRow[];
}

export interface UsageWriterOptions {
  /** Adds a batch: all of it, or nothing and throws; one that was added before does nothing. */
  readonly write: (batch: UsageBatch) => Promise<void>;
  /** True when an error of `write` is due to a row itself, so that the same batch would fail for ever. */
  readonly isRefusal: (error: unknown) => boolean;
  readonly logger: Logger;
  /** Test seam; default 1 s. */
  readonly flushMs?: number;
}

/** What a kill -9 can lose: the calls of so long, and of one write. */
const FLUSH_MS = 1_000;
/**
 * Most rows waiting, a few MB. Drop policy `forget-session`: past it a call is counted on its tenant without its session, so
 * that an outage of hours costs detail and no amount. Those rows are few: one per tenant, day, purpose and model.
 */
const MOST_ROWS = 10_000;
/** Most rows in one statement. */
const BATCH_ROWS = 2_000;
/** How long closing tries. */
const CLOSE_MS = 3_000;

/** Adds usage to the database behind the callers' backs, once a second, in the order it came. */
export class UsageWriter {
  readonly #options: UsageWriterOptions;
  readonly #name = randomText(16);
  readonly #flushMs: number;
  readonly #waiting = new Map<string, UsageRow>();
  /** Of a batch that was refused: its halves, to be sent before anything else. */
  readonly #pieces: (readonly UsageRow[])[] = [];
  #batch: UsageBatch | undefined;
  #batches = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: UsageWriterOptions) {
    this.#options = options;
    this.#flushMs = options.flushMs ?? FLUSH_MS;
  }

  /** Takes a row along; never waits, never throws. */
  add(row: UsageRow): void {
    const full = this.#waiting.size >= MOST_ROWS && !this.#waiting.has(keyOf(row));
    const kept = full ? { ...row, session_id: null } : row;
    const key = keyOf(kept);
    const known = this.#waiting.get(key);
    this.#waiting.set(key, known ? sumOf(known, kept) : kept);
    if (!this.#writing) this.#timer ??= this.#later(this.#flushMs);
  }

  /** Writes what is waiting, for at most 3 s; says how much was lost when the database is away. */
  async close(): Promise<void> {
    const deadline = performance.now() + CLOSE_MS;
    const rest = async () => {
      await this.#writing;
      while (this.#hasMore && performance.now() < deadline) {
        clearTimeout(this.#timer);
        this.#writing ??= this.#flush();
        await this.#writing;
        if (this.#failures > 0) break;
      }
    };
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([rest(), new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))]);
    clearTimeout(timer);
    clearTimeout(this.#timer);
    const lost = [...(this.#batch?.rows ?? []), ...this.#pieces.flat(), ...this.#waiting.values()];
    if (lost.length === 0) return;
    const calls = lost.reduce((sum, row) => sum + row.requests, 0);
    this.#options.logger.error({ calls }, 'usage of these calls was not written: the database is away');
  }

  get #hasMore(): boolean {
    return this.#batch !== undefined || this.#pieces.length > 0 || this.#waiting.size > 0;
  }

  #later(delayMs: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing ??= this.#flush();
    }, delayMs);
    timer.unref();
    return timer;
  }

  async #flush(): Promise<void> {
    const { write, logger, isRefusal } = this.#options;
    // A batch that failed is sent again as it was: it may have been written, and only its answer lost.
    const batch = (this.#batch ??= this.#next());
    try {
      await write(batch);
      if (this.#failures > 0) logger.info('usage is written again');
      this.#batch = undefined;
      this.#failures = 0;
    } catch (error) {
      if (isRefusal(error)) this.#divide(batch.rows, error);
      else {
        this.#failures += 1;
        if (this.#failures === 1) logger.warn({ err: error }, 'usage cannot be written yet; it is kept');
      }
    }
    this.#writing = undefined;
    clearTimeout(this.#timer);
    this.#timer = this.#hasMore ? this.#later(this.#pauseMs) : undefined;
  }

  get #pauseMs(): number {
    if (this.#failures > 0) return retryDelayMs(reconnectPolicy, this.#failures);
    return this.#pieces.length > 0 ? 0 : this.#flushMs;
  }

  /** Looks for the row that makes the database refuse a batch, by halves, so that it takes nobody else's usage along. */
  #divide(rows: readonly UsageRow[], error: unknown): void {
    this.#batch = undefined;
    const middle = rows.length >> 1;
    if (middle > 0) return void this.#pieces.unshift(rows.slice(0, middle), rows.slice(middle));
    const [row] = rows;
    // The model's name is the caller's own words, and may be what is wrong.
    const { model: _, ...told } = row ?? {};
    this.#options.logger.error({ err: error, row: told }, 'usage of these calls is set aside: the database refuses it');
  }

  #next(): UsageBatch {
    this.#batches += 1;
    return { writer: this.#name, number: this.#batches, rows: this.#pieces.shift() ?? this.#take() };
  }

  #take(): UsageRow[] {
    const rows: UsageRow[] = [];
    for (const [key, row] of this.#waiting) {
      if (rows.length === BATCH_ROWS) break;
      rows.push(row);
      this.#waiting.delete(key);
    }
    return rows;
  }
}
