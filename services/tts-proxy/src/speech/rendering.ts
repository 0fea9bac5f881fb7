import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { LoudnessMemory } from '../audio/loudness-memory.ts';
import { Attempt } from '../chain/attempt.ts';
import { firstToSound, type RaceOptions, type Sounding } from '../chain/first-to-sound.ts';
import type { Member, VoiceChain } from '../chain/voice-chain.ts';
import type { Utterance } from '../providers/provider.ts';
import { LentPlace } from './lent-place.ts';
import type { SpeechLimits } from './limits.ts';

/** What a sentence is made of while it is made. A `voice` after a `broken` begins the sentence again. */
export type RenderingEvent =
  | { readonly type: 'voice'; readonly member: Member }
  | { readonly type: 'audio'; readonly samples: Int16Array }
  | { readonly type: 'broken'; readonly error: AppError }
  /** Last: nobody can tell whether this was all of the sentence, so it is not to be kept. */
  | { readonly type: 'uncertain' };

/** How often a sentence is begun: when every provider breaks off, the next will too. */
const MAX_BEGINNINGS = 3;
/** A piece of sound that nobody takes for so long is held back by its reader, ms: its place is lent to others meanwhile. */
const LEND_AFTER_MS = 250;

/** What those who are to hear a sentence tell its maker. One maker may have several listeners. */
export class Demand {
  readonly #wanted = Promise.withResolvers<void>();
  readonly #undecided = new Set<object>();

  /** Resolves when somebody waits for the sound now. */
  get wanted(): Promise<void> {
    return this.#wanted.promise;
  }

  want(): void {
    this.#wanted.resolve();
  }

  /** This listener has heard nothing yet: a broken sentence may begin again for it. */
  undecided(listener: object): void {
    this.#undecided.add(listener);
  }

  /** This listener has heard the beginning, or is not there any more. */
  decided(listener: object): void {
    this.#undecided.delete(listener);
  }

  get mayBeginAgain(): boolean {
    return this.#undecided.size > 0;
  }
}

export interface RenderingOptions {
  readonly utterance: Utterance;
  readonly demand: Demand;
  /** Whom to ask, best first; asked again after a break, with who broke off. */
  readonly order: (broken: ReadonlySet<Member>) => readonly Member[];
  /** See `RaceOptions`. */
  readonly enter: RaceOptions['enter'];
  readonly tryEnter: RaceOptions['tryEnter'];
  /** A place among all syntheses; `isBack`: it was lent. @returns gives it back */
  readonly admit: (signal: AbortSignal, isBack: boolean) => Promise<() => void>;
}

export interface RendererDeps {
  readonly chain: VoiceChain;
  readonly limits: SpeechLimits;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly loudness: LoudnessMemory;
}

/**
 * Has one sentence spoken: by the first provider to be heard, and when that breaks off and nobody has heard anything of the
 * sentence yet, by another from its beginning.
 *
 * @throws AppError `overloaded`, or why nobody could speak; the signal's reason
 */
export async function* render(
  deps: RendererDeps,
  options: RenderingOptions,
  signal: AbortSignal,
): AsyncGenerator<RenderingEvent> {
  const { demand } = options;
  const broken = new Set<Member>();
  const place = new LentPlace(options.admit);
  try {
    for (let beginnings = 1; ; beginnings += 1) {
      await place.hold(signal);
      const { attempt, first } = await sound(deps, options, { broken, signal });
      try {
        yield { type: 'voice', member: attempt.member };
        for (let samples: Int16Array | undefined = first; samples; samples = await attempt.next()) {
          const timer = setTimeout(() => place.lend(), LEND_AFTER_MS);
          try {
            yield { type: 'audio', samples };
          } finally {
            clearTimeout(timer);
          }
          await place.hold(signal);
        }
        if (attempt.mayBeCut) yield { type: 'uncertain' };
        return;
      } catch (thrown) {
        // Without a place it was not the voice that failed.
        if (signal.aborted || !place.held) throw thrown;
        broken.add(attempt.member);
        yield { type: 'broken', error: AppError.from(thrown) };
        if (!demand.mayBeginAgain || beginnings === MAX_BEGINNINGS) return;
      } finally {
        attempt.end('aborted');
      }
    }
  } finally {
    place.lend();
  }
}

async function sound(
  deps: RendererDeps,
  options: RenderingOptions,
  { broken, signal }: { readonly broken: ReadonlySet<Member>; readonly signal: AbortSignal },
): Promise<Sounding> {
  const order = options.order(broken);
  const sounding = await firstToSound({
    order,
    limits: deps.limits,
    signal,
    wanted: options.demand.wanted,
    enter: options.enter,
    tryEnter: options.tryEnter,
    ask: (member, onGone) => new Attempt({ ...deps, member, utterance: options.utterance, signal, onGone }),
  });
  const [preferred] = deps.chain.members;
  const { member } = sounding.attempt;
  if (preferred && member !== preferred) {
    const hasFailed = broken.has(preferred) || sounding.failed.has(preferred);
    const reason = hasFailed ? 'failed' : sounding.late.has(preferred) ? 'late' : 'away';
    const labels = { from: preferred.provider.id, to: member.provider.id, reason };
    deps.telemetry.count('eloquence_tts_failovers_total', labels);
  }
  return sounding;
}
