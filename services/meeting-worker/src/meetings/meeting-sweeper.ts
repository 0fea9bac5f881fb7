import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { FailedPart } from './advance.ts';
import type { MeetingFaults } from './meeting-faults.ts';
import type { MeetingFiles } from './meeting-files.ts';
import type { MeetingStore } from './meeting-store.ts';

export interface MeetingSweeperOptions {
  readonly store: MeetingStore;
  readonly files: MeetingFiles;
  readonly advance: (sessionId: SessionId) => Promise<readonly FailedPart[]>;
  /** Whether Postgres and Redis answer. */
  readonly isReachable: () => Promise<boolean>;
  readonly faults: MeetingFaults;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  /** Default {@link SWEEP_MS}. */
  readonly sweepMs?: number;
}

const SWEEP_MS = 3_000;
/** A meeting that goes on is looked at again no sooner after a look, however much is said. */
const PAUSE_MS = 3_000;
/** …and no later than that, because time alone makes mini-summaries due. */
const IDLE_MS = 15_000;
/** One whose data we fail on is tried again no sooner, unless there is news of it. */
const FAULTY_MS = 60_000;
/** Meetings looked at in one sweep, and at once. Beyond it the next sweep goes on: order is by id, what is done leaves the list. */
const SWEEP_LIMIT = 1_000;
const CONCURRENCY = 4;
const DELETED_EVERY = 20;

/**
 * Calls `advance` for meetings that something may be due for: soon after news of them, and in any case by looking through Postgres, so that
 * nothing depends on a message arriving. One meeting is looked at by one call at a time.
 */
export class MeetingSweeper {
  readonly #options: MeetingSweeperOptions;
  /** Value: look again when this look is over. */
  readonly #running = new Map<SessionId, { again: boolean; done: Promise<void> }>();
  /** In order of arrival. Bounded by the number of meetings in work: a meeting is in it once. */
  readonly #waiting = new Set<SessionId>();
  readonly #lookedAtMs = new Map<SessionId, number>();
  /** Of those in work. */
  readonly #faulty = new Set<SessionId>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #sweeps = 0;
  #open = false;
  #down = false;

  constructor(options: MeetingSweeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#open = true;
    this.#sweep();
  }

  /** Begins nothing more and waits for what is in work. */
  async stop(): Promise<void> {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#waiting.clear();
    await this.#sweeping;
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** News of a meeting are in Postgres. */
  readonly notice = (sessionId: SessionId, news: { readonly ended: boolean }): void => {
    const sinceMs = performance.now() - (this.#lookedAtMs.get(sessionId) ?? -Infinity);
    // What comes sooner is found by the sweep.
    if (news.ended || sinceMs >= PAUSE_MS) this.wake(sessionId);
  };

  /** Looks at a meeting as soon as possible. */
  readonly wake = (sessionId: SessionId): void => {
    if (!this.#open) return;
    const running = this.#running.get(sessionId);
    if (running) running.again = true;
    else this.#waiting.add(sessionId);
    this.#pump();
  };

  #pump(): void {
    for (const sessionId of this.#waiting) {
      if (this.#running.size >= CONCURRENCY || !this.#open) return;
      this.#waiting.delete(sessionId);
      const entry = { again: false, done: Promise.resolve() };
      this.#running.set(sessionId, entry);
      this.#lookedAtMs.set(sessionId, performance.now());
      entry.done = this.#look(sessionId).finally(() => {
        this.#running.delete(sessionId);
        if (entry.again) this.wake(sessionId);
        else this.#pump();
      });
    }
  }

  async #look(sessionId: SessionId): Promise<void> {
    const { advance, isReachable, faults } = this.#options;
    const failed = await advance(sessionId);
    const [first] = failed;
    // What is away fails every meeting; what fails while nothing is away is this meeting's own.
    if (first && !(await isReachable())) return this.#reportOutage(first.error);
    this.#reportUp();
    if (first) this.#faulty.add(sessionId);
    else this.#faulty.delete(sessionId);
    for (const { part, error } of failed) faults.say(sessionId, part, error);
  }

  /** One line per outage, not per meeting and sweep. */
  #reportOutage(error: unknown): void {
    if (!this.#down)
      this.#options.logger.warn({ err: error }, 'meetings cannot be looked after now, they are tried again');
    this.#down = true;
  }

  #reportUp(): void {
    if (this.#down) this.#options.logger.info('looking after meetings again');
    this.#down = false;
  }

  #sweep(): void {
    this.#sweeping = this.#lookThrough()
      .catch((error: unknown) => this.#reportOutage(error))
      .finally(() => {
        if (this.#open) this.#timer = setTimeout(() => this.#sweep(), this.#options.sweepMs ?? SWEEP_MS);
      });
  }

  async #lookThrough(): Promise<void> {
    const { store, files, telemetry } = this.#options;
    if (this.#sweeps === 0) await files.restoreMissing();
    const inWork = await store.inWork(SWEEP_LIMIT);
    for (const state of ['recording', 'writing'] as const)
      telemetry.set('eloquence_meetings', inWork.filter((meeting) => meeting.state === state).length, { state });
    const nowMs = performance.now();
    for (const { sessionId, urgent } of inWork) {
      const sinceMs = nowMs - (this.#lookedAtMs.get(sessionId) ?? -Infinity);
      const pauseMs = this.#faulty.has(sessionId) ? FAULTY_MS : urgent ? 0 : IDLE_MS;
      if (sinceMs >= pauseMs) this.wake(sessionId);
    }
    const alive = new Set(inWork.map(({ sessionId }) => sessionId));
    for (const sessionId of this.#lookedAtMs.keys()) if (!alive.has(sessionId)) this.#lookedAtMs.delete(sessionId);
    for (const sessionId of this.#faulty) if (!alive.has(sessionId)) this.#faulty.delete(sessionId);
    if (this.#sweeps % DELETED_EVERY === 0) await files.removeDeleted();
    this.#sweeps += 1;
  }
}
