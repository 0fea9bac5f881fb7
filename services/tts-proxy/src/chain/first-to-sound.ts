import { delay } from '@eloquence/shared/runtime/abort';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import type { SpeechLimits } from '../speech/limits.ts';
import type { Attempt } from './attempt.ts';
import { isTextFault } from './text-faults.ts';
import { hedgeAfterMs, NO_VOICE, type Member } from './voice-chain.ts';

export interface RaceOptions {
  /** Whom to ask, best first. */
  readonly order: readonly Member[];
  /** Waits until this speech may send one more request. @returns gives the place back */
  readonly enter: (signal: AbortSignal) => Promise<() => void>;
  /** The same without waiting: undefined when it may not send one more now. */
  readonly tryEnter: () => (() => void) | undefined;
  readonly ask: (member: Member, onGone: () => void) => Attempt;
  /** Resolves when somebody waits for this sound now: only then are two asked for the same. */
  readonly wanted: Promise<void>;
  readonly limits: SpeechLimits;
  readonly signal: AbortSignal;
}

export interface Sounding {
  readonly attempt: Attempt;
  readonly first: Int16Array;
  /** Who was asked before, in vain. */
  readonly failed: ReadonlySet<Member>;
  /** Who was asked before and was still silent. */
  readonly late: ReadonlySet<Member>;
}

type Event =
  | { readonly type: 'sounded'; readonly attempt: Attempt; readonly first: Int16Array }
  | { readonly type: 'failed'; readonly attempt: Attempt; readonly error: AppError }
  | { readonly type: 'hedge' };

/**
 * Asks provider after provider until one is heard: the next as soon as one fails, and beside one that is silent for too long
 * while somebody waits. Whoever is heard first speaks; the others are let go at once.
 *
 * @throws AppError why nobody could speak; the signal's reason
 */
export async function firstToSound(options: RaceOptions): Promise<Sounding> {
  const race = new Race(options);
  try {
    return await race.run();
  } catch (error) {
    race.letAllGo();
    throw error;
  }
}

class Race {
  readonly #options: RaceOptions;
  /** Who is silent still, in the order of asking. */
  readonly #running = new Map<Attempt, Promise<Event>>();
  readonly #errors: AppError[] = [];
  readonly #failed = new Set<Member>();
  readonly #late = new Set<Member>();
  #asked = 0;

  constructor(options: RaceOptions) {
    this.#options = options;
  }

  async run(): Promise<Sounding> {
    const { order, signal, enter, tryEnter } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      if (this.#running.size === 0) {
        if (this.#asked === order.length) throw allFailed(this.#errors);
        this.#ask(await enter(signal));
      }
      const silent = [...this.#running.keys()].at(-1) as Attempt;
      const event = await this.#next(silent);
      if (event.type === 'sounded') return this.#won(event);
      if (event.type === 'failed') {
        this.#running.delete(event.attempt);
        this.#errors.push(event.error);
        this.#failed.add(event.attempt.member);
      } else {
        const leave = tryEnter();
        if (leave) this.#ask(leave);
        // There is no place for another beside it; there is one instead of it.
        else this.#giveUp(silent);
      }
    }
  }

  letAllGo(): void {
    for (const attempt of this.#running.keys()) attempt.end('aborted');
  }

  #ask(leave: () => void): void {
    const { order, limits, ask } = this.#options;
    const attempt = ask(order[this.#asked] as Member, leave);
    this.#asked += 1;
    const isLast = this.#asked === order.length;
    const timeoutMs = isLast ? limits.lastFirstSoundTimeoutMs : limits.firstSoundTimeoutMs;
    this.#running.set(attempt, outcomeOf(attempt, timeoutMs));
  }

  /** What comes first: a sound, a failure, or the moment to ask another. */
  async #next(silent: Attempt): Promise<Event> {
    if (this.#asked === this.#options.order.length) return Promise.race(this.#running.values());
    const over = new AbortController();
    try {
      return await Promise.race([...this.#running.values(), this.#hedge(silent, over.signal)]);
    } finally {
      over.abort();
    }
  }

  /** Its time is over, and somebody waits. Never comes after the signal. */
  async #hedge(silent: Attempt, signal: AbortSignal): Promise<Event> {
    try {
      await this.#options.wanted;
      await delay(Math.max(0, silent.startedAtMs + hedgeAfterMs(silent.member) - performance.now()), signal);
      return { type: 'hedge' };
    } catch {
      return new Promise<never>(() => undefined);
    }
  }

  /** Who began before the winner is late; who began after it was asked for nothing. */
  #won({ attempt, first }: Event & { readonly type: 'sounded' }): Sounding {
    this.#running.delete(attempt);
    for (const loser of this.#running.keys())
      if (loser.startedAtMs <= attempt.startedAtMs) this.#giveUp(loser);
      else loser.end('aborted');
    return { attempt, first, failed: this.#failed, late: this.#late };
  }

  #giveUp(attempt: Attempt): void {
    this.#running.delete(attempt);
    this.#late.add(attempt.member);
    this.#errors.push(attempt.late());
  }
}

async function outcomeOf(attempt: Attempt, timeoutMs: number): Promise<Event> {
  try {
    return { type: 'sounded', attempt, first: await attempt.first(timeoutMs) };
  } catch (thrown) {
    // After an abort nobody reads this event.
    const error = isAbort(thrown) ? new AppError('upstream_timeout', 'The voice was not wanted any more.') : thrown;
    return { type: 'failed', attempt, error: AppError.from(error) };
  }
}

/** Nobody could speak this text, and for one of them at least the text was to blame: another may be spoken. */
export class UnspeakableError extends AppError {}

/** Names what to mend first; says that waiting helps if it helps with one of them. */
function allFailed(errors: readonly AppError[]): AppError {
  const [first] = errors;
  if (!first) return new AppError('unavailable', NO_VOICE);
  const Failure = errors.some(isTextFault) ? UnspeakableError : AppError;
  const named = errors.find(({ retryable }) => retryable) ?? first;
  const told = named.retryable ? errors : [first];
  const waits = told.flatMap(({ retryAfterS }) => retryAfterS ?? []);
  return new Failure(named.code, [...new Set(told.map(({ message }) => message))].join(' '), {
    cause: first,
    ...(waits.length > 0 && { retryAfterS: Math.min(...waits) }),
  });
}
