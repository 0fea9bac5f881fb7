import { AppError } from '@eloquence/shared/runtime/errors';
import type { ChatProvider } from '../providers/provider.ts';
import { ModelHealth } from './model-health.ts';

const CHECK_TIMEOUT_MS = 3_000;
/** How long a list of models is believed. */
const LIST_FRESH_MS = 60_000;

export interface MemberOptions {
  /** Of its models, those that a purpose names. */
  readonly models?: readonly string[];
  /** @param model absent: its own */
  readonly onChange: (provider: ChatProvider, error: AppError | undefined, model?: string) => void;
  /** Test seam, see CircuitBreakerOptions. */
  readonly firstProbeMs?: number;
}

/** A provider with what is known of its health, and of that of each model the purposes use. */
export class Member {
  readonly provider: ChatProvider;
  /** Its own model's. */
  readonly #own: ModelHealth;
  readonly #named: ReadonlyMap<string, ModelHealth>;
  /** All those that only callers name. */
  readonly #others: ModelHealth;
  #lastFault: AppError | undefined;
  #list: { readonly names: readonly string[]; readonly untilMs: number } | undefined;

  constructor(provider: ChatProvider, { models = [], onChange, firstProbeMs }: MemberOptions) {
    this.provider = provider;
    const options = (model?: string) => ({
      probe: () => provider.check(AbortSignal.timeout(CHECK_TIMEOUT_MS)),
      onChange: (error: AppError | undefined) => onChange(provider, error, model),
      ...(firstProbeMs !== undefined && { firstProbeMs }),
    });
    this.#own = new ModelHealth(options());
    this.#named = new Map(models.map((model) => [model, new ModelHealth(options(model))]));
    this.#others = new ModelHealth({ ...options(), isCallersChoice: true });
  }

  /** What is known of one of its models. */
  health(model: string): ModelHealth {
    if (model === this.provider.defaultModel()) return this.#own;
    return this.#named.get(model) ?? this.#others;
  }

  /** Why it is away, or would be if it were in use. */
  get fault(): AppError | undefined {
    return this.#own.breaker.fault ?? (this.provider.defaultModel() === undefined ? this.#lastFault : undefined);
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
      if (this.provider.defaultModel() !== undefined) this.#own.leave(error);
      // Its own model may be all that is amiss.
      if (error.code !== 'unknown_model') for (const health of this.#named.values()) health.leave(error);
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

  close(): void {
    for (const { breaker } of [this.#own, ...this.#named.values(), this.#others]) breaker.close();
  }
}
