import type { Engine } from '@eloquence/shared/contracts/engine';
import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import { CircuitBreaker } from '@eloquence/shared/runtime/circuit-breaker';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { SpeechProvider } from '../providers/provider.ts';
import { FirstSounds } from './first-sounds.ts';
import { TextFaults } from './text-faults.ts';

/** When the next provider is asked beside one that is silent, ms, if that does not say: the p95 of a quick vendor. */
const HEDGE_AFTER_MS = 400;
/** A provider gets this many times its usual time before another is asked beside it... */
const HEDGE_FACTOR = 2;
/** ...and no more than this, ms: a listener takes a longer silence for a dropped call. */
const MAX_HEDGE_AFTER_MS = 1_500;
const CHECK_TIMEOUT_MS = 5_000;
const CERTAIN: ReadonlySet<ErrorCode> = new Set(['upstream_rejected', 'rate_limited']);
const NO_ANSWER = `It did not answer within ${CHECK_TIMEOUT_MS / 1000} s.`;

/** A provider and what is known of it. */
export interface Member {
  readonly provider: SpeechProvider;
  readonly health: CircuitBreaker;
  readonly firstSounds: FirstSounds;
  readonly textFaults: TextFaults;
}

export interface VoiceChainOptions {
  readonly logger: Logger;
  /** Test seam, see CircuitBreakerOptions. */
  readonly firstProbeMs?: number;
}

/** What a speech has learned about whom to ask. */
export interface Preference {
  /** Who spoke last: a voice does not change within an answer without need. */
  readonly last?: Member | undefined;
  /** Who broke off in this answer. */
  readonly avoid?: ReadonlySet<Member>;
}

/** The providers in order of preference, and how each of them is. */
export class VoiceChain {
  readonly members: readonly Member[];

  constructor(providers: readonly SpeechProvider[], { logger, firstProbeMs }: VoiceChainOptions) {
    this.members = providers.map((provider) => {
      const check = () => provider.check(AbortSignal.timeout(CHECK_TIMEOUT_MS));
      const health = new CircuitBreaker({
        probe: check,
        onChange: (error) => {
          const about = { provider: provider.id };
          if (error) logger.warn({ ...about, code: error.code, reason: error.message }, 'voice is away');
          else logger.info(about, 'voice is back');
        },
        ...(firstProbeMs !== undefined && { firstProbeMs }),
      });
      const textFaults = new TextFaults({ check, onRefused: (error) => health.failed(error) });
      return { provider, firstSounds: new FirstSounds(), health, textFaults };
    });
  }

  /** Whom to ask, in order: those that are well; else those that answer, though somebody tries them just now; else all: there is nothing to lose. */
  order({ last, avoid }: Preference = {}): readonly Member[] {
    const able = this.members.filter(({ health }) => health.able);
    const willing = able.filter((member) => !avoid?.has(member));
    const answering = this.members.filter(({ health }) => health.answers);
    const order = [willing, able, answering, this.members].find(({ length }) => length > 0) ?? [];
    return last && order.includes(last) ? [last, ...order.filter((member) => member !== last)] : order;
  }

  /** What the next answer will probably be spoken by, and why not by whoever is preferred; undefined when nobody can. */
  engine(): Engine | undefined {
    const speaking = this.#speaking;
    if (!speaking) return undefined;
    const preferred = this.members.slice(0, this.members.indexOf(speaking) + 1);
    const fault = faultLines(preferred, speaking).join(' ');
    return { ...speaking.provider.engine, ...(fault && { fault }) };
  }

  /**
   * For /ready: who speaks, who would, and why not the one that should.
   *
   * @throws Error when nobody can speak
   */
  get summary(): string {
    const speaking = this.#speaking;
    const reasons = faultLines(this.members, speaking);
    if (!speaking) throw new Error(reasons.length > 0 ? reasons.join('; ') : NO_VOICE);
    const spare = this.members.filter((member) => member !== speaking && !member.health.fault);
    return [
      ...(isRefusing(speaking) ? [] : [`${speaking.provider.id} speaks`]),
      ...(spare.length > 0 ? [`spare: ${spare.map(({ provider }) => provider.id).join(', ')}`] : []),
      ...reasons,
    ].join('; ');
  }

  /** Asks every provider whether it would speak, so that a wrong key is known before somebody waits for its voice. */
  async check(): Promise<void> {
    await Promise.all(
      this.members.map(async ({ provider, health }) => {
        try {
          await provider.check(AbortSignal.timeout(CHECK_TIMEOUT_MS));
        } catch (thrown) {
          const isCertain = thrown instanceof AppError && CERTAIN.has(thrown.code);
          const reason = thrown instanceof AppError ? thrown.message : NO_ANSWER;
          // One failed sentence may be chance; who fails when asked how it is cannot be relied on.
          const error = isCertain ? thrown : new AppError('unavailable', reason, { cause: thrown });
          health.failed(error);
        }
      }),
    );
  }

  async close(): Promise<void> {
    for (const { health } of this.members) health.close();
    await Promise.all(this.members.map(async ({ provider }) => provider.close?.()));
  }

  get #speaking(): Member | undefined {
    const answering = this.order().filter(({ health }) => health.answers);
    return answering.find((member) => !isRefusing(member)) ?? answering[0];
  }
}

/** A vendor that has refused the key may list its voices to anybody: only a sentence shows that it takes the key again. */
const isRefusing = ({ health }: Member): boolean => health.fault?.code === 'upstream_rejected';

/** What is wrong with whom; whoever speaks has been forgiven all but that it refused. */
function faultLines(members: readonly Member[], speaking: Member | undefined): string[] {
  return members.flatMap((member) => {
    const { provider, health } = member;
    if (!health.fault || (member === speaking && !isRefusing(member))) return [];
    return [`${provider.id} is ${health.answers ? 'on trial' : 'away'}: ${health.fault.message}`];
  });
}

export const NO_VOICE = 'There is no voice. Install espeak-ng (apt-get install espeak-ng), or set OPENAI_API_KEY.';

/** How long to wait for a provider before another is asked beside it, ms. */
export function hedgeAfterMs({ provider, firstSounds }: Member): number {
  const setMs = provider.hedgeAfterMs ?? HEDGE_AFTER_MS;
  const usualMs = (firstSounds.medianMs ?? 0) * HEDGE_FACTOR;
  return Math.min(Math.max(setMs, usualMs), Math.max(setMs, MAX_HEDGE_AFTER_MS));
}
