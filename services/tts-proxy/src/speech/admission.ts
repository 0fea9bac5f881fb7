import { AppError } from '@eloquence/shared/runtime/errors';
import type { SpeechLimits } from './limits.ts';

export interface Applicant {
  /** See `Tenants`. */
  readonly tenant: string;
  /** Its speech has not begun: it may be refused. What has begun goes on, or a listener would wait in the middle of an answer. */
  readonly isNew: boolean;
}

interface Waiter extends Applicant {
  readonly start: () => void;
  readonly refuse: (error: AppError) => void;
}

/**
 * A bounded number of syntheses at once, and a line behind them. The next place goes to the tenant with the fewest running, and
 * among those to the one whose last turn is longest ago; speeches that have begun come before newcomers, except those of a
 * tenant with nothing running: one long answer less is heard of than a tenant that hears nothing at all.
 */
export class Admission {
  readonly #limits: Pick<SpeechLimits, 'maxRunning' | 'maxWaiting' | 'maxWaitMs'>;
  readonly #line: Waiter[] = [];
  readonly #running = new Map<string, number>();
  /** Of each tenant that runs or waits: when it came in last, as a count of all who came in. */
  readonly #lastTurn = new Map<string, number>();
  #turns = 0;
  #count = 0;

  constructor(limits: Pick<SpeechLimits, 'maxRunning' | 'maxWaiting' | 'maxWaitMs'>) {
    this.#limits = limits;
  }

  /**
   * Waits for a place.
   *
   * @returns gives the place back; more than one call does no harm
   * @throws AppError `overloaded` when the line is full, or after too long in it; the signal's reason when it aborts in the line
   */
  async enter(applicant: Applicant, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#count < this.#limits.maxRunning) this.#begin(applicant.tenant);
    else {
      if (applicant.isNew) this.#makeRoom(applicant.tenant);
      await this.#wait(applicant, signal);
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#end(applicant.tenant);
    };
  }

  /** So that nobody's newcomers fill the line. @throws AppError when it is this tenant that has the most in it */
  #makeRoom(tenant: string): void {
    const newcomers = this.#line.filter(({ isNew }) => isNew);
    if (newcomers.length < this.#limits.maxWaiting) return;
    const waitingOf = (whose: string) => newcomers.filter((waiter) => waiter.tenant === whose).length;
    const most = Math.max(0, ...newcomers.map((waiter) => waitingOf(waiter.tenant)));
    const newest = newcomers.findLast((waiter) => waitingOf(waiter.tenant) === most);
    if (!newest || most <= waitingOf(tenant) + 1) throw tooMany();
    newest.refuse(tooMany());
  }

  #begin(tenant: string): void {
    this.#count += 1;
    this.#turns += 1;
    this.#lastTurn.set(tenant, this.#turns);
    this.#running.set(tenant, this.#runningOf(tenant) + 1);
  }

  #end(tenant: string): void {
    this.#count -= 1;
    const left = this.#runningOf(tenant) - 1;
    if (left === 0) this.#running.delete(tenant);
    else this.#running.set(tenant, left);
    const next = this.#next();
    if (next) {
      this.#begin(next.tenant);
      next.start();
    }
    if (!this.#running.has(tenant) && !this.#line.some((waiter) => waiter.tenant === tenant))
      this.#lastTurn.delete(tenant);
  }

  #next(): Waiter | undefined {
    const first = this.#line.filter(({ tenant, isNew }) => !isNew || this.#runningOf(tenant) === 0);
    const turnOf = (tenant: string) => this.#lastTurn.get(tenant) ?? 0;
    // A sort keeps the order of who is equal: then who came first.
    const [next] = (first.length > 0 ? first : this.#line).toSorted(
      (a, b) =>
        this.#runningOf(a.tenant) - this.#runningOf(b.tenant) ||
        turnOf(a.tenant) - turnOf(b.tenant) ||
        Number(a.isNew) - Number(b.isNew),
    );
    return next;
  }

  #runningOf(tenant: string): number {
    return this.#running.get(tenant) ?? 0;
  }

  #wait(applicant: Applicant, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        this.#line.splice(this.#line.indexOf(waiter), 1);
      };
      const refuse = (error: Error) => {
        leave();
        reject(error);
      };
      const abort = () => refuse(signal.reason as Error);
      const timer = setTimeout(() => refuse(tooMany()), this.#limits.maxWaitMs);
      const waiter: Waiter = {
        ...applicant,
        start: () => {
          leave();
          resolve();
        },
        refuse,
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#line.push(waiter);
    });
  }
}

const tooMany = () =>
  new AppError('overloaded', 'Too many sentences are being spoken. Try again in a second.', { retryAfterS: 1 });
