import { AppError } from '@eloquence/shared/runtime/errors';

interface Waiter {
  readonly start: () => void;
}

/** A bounded number of syntheses at once, a bounded line behind them; whoever finds the line full is refused at once. */
export class Admission {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #line: Waiter[] = [];
  #running = 0;

  constructor(limits: { readonly maxRunning: number; readonly maxWaiting: number }) {
    this.#maxRunning = limits.maxRunning;
    this.#maxWaiting = limits.maxWaiting;
  }

  /**
   * Waits for a place, first come first served.
   *
   * @returns gives the place back; more than one call does no harm
   * @throws AppError `overloaded` when the line is full; the signal's reason when it aborts in the line
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#running < this.#maxRunning) this.#running += 1;
    else if (this.#line.length >= this.#maxWaiting)
      throw new AppError('overloaded', 'Too many sentences are being spoken. Try again in a second.', {
        retryAfterS: 1,
      });
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#line.shift();
      if (next) next.start();
      else this.#running -= 1;
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
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
