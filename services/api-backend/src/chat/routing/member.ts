import { CircuitBreaker } from '@eloquence/shared/runtime/circuit-breaker';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { ChatProvider } from '../providers/provider.ts';
import { RecentTimes } from './recent-times.ts';

const CHECK_TIMEOUT_MS = 3_000;
/** How long a list of models is believed. */
const LIST_FRESH_MS = 60_000;
/** A vendor that says "in an hour" is asked again every minute: whoever pays may have bought more. */
const LONGEST_AWAY_S = 60;

export interface MemberOptions {
  readonly onChange: (provider: ChatProvider, error: AppError | undefined) => void;
  /** Test seam, see CircuitBreakerOptions. */
  readonly firstProbeMs?: number;
}

/** A provider with what is known of its health. */
export class Member {
  readonly provider: ChatProvider;
  readonly breaker: CircuitBreaker;
  /** From asking to the first part. */
  readonly firstTokens = new RecentTimes();
  /** The longest wait between two parts of each answer. */
  readonly gaps = new RecentTimes();
  #toldToWaitUntilMs = 0;
  #lastFault: AppError | undefined;
  #list: { readonly names: readonly string[]; readonly untilMs: number } | undefined;

  constructor(provider: ChatProvider, { onChange, firstProbeMs }: MemberOptions) {
    this.provider = provider;
    this.breaker = new CircuitBreaker({
      probe: () => provider.check(AbortSignal.timeout(CHECK_TIMEOUT_MS)),
      onChange: (error) => onChange(provider, error),
      ...(firstProbeMs !== undefined && { firstProbeMs }),
    });
  }

  /** Why it is away, or would be if it were in use. */
  get fault(): AppError | undefined {
    return this.breaker.fault ?? (this.provider.defaultModel() === undefined ? this.#lastFault : undefined);
  }

  /** Finds out whether it would answer, without asking it anything that costs. Never throws. */
  async check(signal: AbortSignal): Promise<void> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]);
    try {
      await this.provider.check(limited);
      this.#lastFault = undefined;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = limited.aborted
        ? new AppError(
            'upstream_timeout',
            `${this.provider.engine().label} did not answer within ${CHECK_TIMEOUT_MS / 1000} s.`,
          )
        : AppError.from(thrown);
      this.#lastFault = error;
      // One without a model yet (Ollama that is not there) is not in use, so it cannot be away.
      if (this.provider.defaultModel() !== undefined) this.#leave(error);
    }
  }

  /**
   * The names of its models, remembered for a minute.
   *
   * @throws as `ChatProvider.models`
   */
  async models(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#list && this.#list.untilMs > performance.now()) return this.#list.names;
    const names = await this.provider.models(signal);
    this.#list = { names, untilMs: performance.now() + LIST_FRESH_MS };
    return names;
  }

  /** Milliseconds it has asked to be left alone for. */
  get toldToWaitMs(): number {
    return Math.max(0, this.#toldToWaitUntilMs - performance.now());
  }

  /** A call failed, or a check. What no other call would have met (the request itself) says nothing about it. */
  failed(error: AppError, model: string | undefined): void {
    const isUnknown = error.code === 'unknown_model' && model !== this.provider.defaultModel();
    const isOfRequest = error.code === 'invalid_request' || error.code === 'payload_too_large';
    if (isUnknown || isOfRequest) return this.breaker.left();
    if (error.retryAfterS === undefined) return this.breaker.failed(error);
    const retryAfterS = Math.min(LONGEST_AWAY_S, error.retryAfterS);
    this.#toldToWaitUntilMs = performance.now() + retryAfterS * 1000;
    // One is enough: it has said itself that it is away. Without a cause, or the breaker takes the time for one of our making.
    const plain = new AppError(error.code, error.message, { retryAfterS });
    this.#leave(plain);
  }

  /** Away at once, where a single failure would not say so. */
  #leave(error: AppError): void {
    this.breaker.failed(error);
    if (this.breaker.able) this.breaker.failed(error);
  }
}
