import { AppError } from '@eloquence/shared/runtime/errors';

export interface Applicant {
  /** See `Tenants`. */
  readonly tenant: string;
  /** Its speech has not begun: it may be refused. What has begun goes on, or a listener would wait in the middle of an answer. */
  readonly isNew: boolean;
}

interface Waiter extends Applicant {
  readonly start: () => void;
}

/**
 * A bounded number of syntheses at once, and a line behind them in which speeches that have begun come first, then the tenant
 * with the fewest running, then who came first. A newcomer that finds as many waiting as may wait is refused at once.
 */
export class Admission {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #line: Waiter[] = [];
  readonly #running = new Map<string, number>();
  #count = 0;

  constructor(limits: { readonly maxRunning: number; readonly maxWaiting: number }) {
    this.#maxRunning = limits.maxRunning;
    this.#maxWaiting = limits.maxWaiting;
  }

  /**
   * Waits for a place.
   *
   * @returns gives the place back; more than one call does no harm
   * @throws AppError `overloaded` when the line is full; the signal's reason when it aborts in the line
   */
  async enter(applicant: Applicant, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#count < this.#maxRunning) this.#begin(applicant.tenant);
    else if (applicant.isNew && this.#line.filter(({ isNew }) => isNew).length >= this.#maxWaiting)
      throw new AppError('overloaded', 'Too many sentences are being spoken. Try again in a second.', {
        retryAfterS: 1,
      });
    else await this.#wait(applicant, signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#end(applicant.tenant);
    };
  }

  #begin(tenant: string): void {
    this.#count += 1;
    this.#running.set(tenant, this.#runningOf(tenant) + 1);
  }

  #end(tenant: string): void {
    this.#count -= 1;
    const left = this.#runningOf(tenant) - 1;
    if (left === 0) this.#running.delete(tenant);
    else this.#running.set(tenant, left);
    const next = this.#next();
    if (!next) return;
    this.#line.splice(this.#line.indexOf(next), 1);
    this.#begin(next.tenant);
    next.start();
  }

  #next(): Waiter | undefined {
    const begun = this.#line.filter(({ isNew }) => !isNew);
    const candidates = begun.length > 0 ? begun : this.#line;
    const fewest = Math.min(...candidates.map(({ tenant }) => this.#runningOf(tenant)));
    return candidates.find(({ tenant }) => this.#runningOf(tenant) === fewest);
  }

  #runningOf(tenant: string): number {
    return this.#running.get(tenant) ?? 0;
  }

  #wait(applicant: Applicant, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        ...applicant,
        start: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#line.push(waiter);
    });
  }
}
