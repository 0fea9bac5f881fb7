import { delay } from '@eloquence/shared/runtime/abort';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import type { SpeechLimits } from '../speech/limits.ts';
import type { Attempt } from './attempt.ts';
import { hedgeAfterMs, NO_VOICE, type Member } from './voice-chain.ts';

export interface RaceOptions {
  /** Whom to ask, best first. */
  readonly order: readonly Member[];
  /** Waits until this speech may send one more request. @returns gives the place back */
  readonly enter: (signal: AbortSignal) => Promise<() => void>;
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
  const { order, limits, signal } = options;
  const running = new Map<Attempt, Promise<Event>>();
  const errors: AppError[] = [];
  const failed = new Set<Member>();
  let asked = 0;
  const ask = (leave: () => void) => {
    const member = order[asked] as Member;
    asked += 1;
    const attempt = options.ask(member, leave);
    running.set(
      attempt,
      outcomeOf(attempt, asked < order.length ? limits.firstSoundTimeoutMs : limits.lastFirstSoundTimeoutMs),
    );
  };
  try {
    for (;;) {
      signal.throwIfAborted();
      if (running.size === 0) {
        if (asked === order.length) throw allFailed(errors);
        ask(await options.enter(signal));
      }
      const hedge = asked < order.length ? new Hedge(options, [...running.keys()].at(-1) as Attempt) : undefined;
      const event = await Promise.race([...running.values(), ...(hedge ? [hedge.moment] : [])]);
      const leave = hedge?.end(event.type === 'hedge');
      if (event.type === 'hedge') ask(leave as () => void);
      else {
        running.delete(event.attempt);
        if (event.type === 'failed') {
          errors.push(event.error);
          failed.add(event.attempt.member);
        } else {
          const { attempt, first } = event;
          return { attempt, first, failed, late: letGo([...running.keys()], attempt) };
        }
      }
    }
  } catch (error) {
    for (const attempt of running.keys()) attempt.end('aborted');
    throw error;
  }
}

/** Who began before the winner is late; who began after it was asked for nothing. */
function letGo(losers: readonly Attempt[], winner: Attempt): ReadonlySet<Member> {
  const late = losers.filter(({ startedAtMs }) => startedAtMs <= winner.startedAtMs);
  for (const loser of losers) loser.end(late.includes(loser) ? 'late' : 'aborted');
  return new Set(late.map(({ member }) => member));
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

/** The moment to ask another provider beside a silent one: its time is over, somebody waits, and this speech may send one more. */
class Hedge {
  readonly moment: Promise<Event>;
  readonly #over = new AbortController();
  #leave: (() => void) | undefined;

  constructor(options: RaceOptions, silent: Attempt) {
    this.moment = this.#come(options, silent).catch(() => new Promise<never>(() => undefined));
  }

  /** Gives its place to whoever is asked now, or back. */
  end(used: boolean): (() => void) | undefined {
    this.#over.abort();
    if (!used) this.#leave?.();
    return this.#leave;
  }

  async #come({ wanted, enter }: RaceOptions, silent: Attempt): Promise<Event> {
    const { signal } = this.#over;
    await wanted;
    await delay(Math.max(0, silent.startedAtMs + hedgeAfterMs(silent.member) - performance.now()), signal);
    this.#leave = await enter(signal);
    // It came together with the sound.
    if (signal.aborted) this.#leave();
    return { type: 'hedge' };
  }
}

/** Names what to mend first; says that waiting helps if it helps with one of them. */
function allFailed(errors: readonly AppError[]): AppError {
  const [first] = errors;
  if (!first) return new AppError('unavailable', NO_VOICE);
  const passing = errors.find(({ retryable }) => retryable);
  if (errors.length === 1 || !passing) return first;
  const waits = errors.flatMap(({ retryAfterS }) => retryAfterS ?? []);
  return new AppError(passing.code, [...new Set(errors.map(({ message }) => message))].join(' '), {
    cause: first,
    ...(waits.length > 0 && { retryAfterS: Math.min(...waits) }),
  });
}
