import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Context } from './context.ts';

/** Waiting of one command in all, s. */
const PATIENCE_S = 120;
/** A server that does not say how long, and one that says "at once", s. */
const USUAL_WAIT_S = 5;
const LEAST_WAIT_S = 1;
/** Refused for the moment: asking again does nothing twice. */
const BUSY: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'overloaded']);

/** Asks again when the server has too much to do, as late as it says; two minutes of waiting for everything asked through it. */
export class BusyServer {
  readonly #context: Pick<Context, 'say' | 'log' | 'signal'>;
  #leftS = PATIENCE_S;

  constructor(context: Pick<Context, 'say' | 'log' | 'signal'>) {
    this.#context = context;
  }

  /** @throws what `ask` throws, once it is another refusal or would have to wait too long; the signal's reason */
  async ask<T>(ask: () => Promise<T>): Promise<T> {
    const { say, log, signal } = this.#context;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof AppError) || !BUSY.has(error.code)) throw error;
        const waitS = Math.ceil(Math.max(LEAST_WAIT_S, error.retryAfterS ?? USUAL_WAIT_S));
        if (waitS > this.#leftS) throw error;
        this.#leftS -= waitS;
        log(
          say(
            `Le serveur a trop à faire, nouvel essai dans ${waitS} s.`,
            `The server has too much to do, trying again in ${waitS} s.`,
          ),
        );
        await delay(waitS * 1000, signal);
      }
    }
  }
}
