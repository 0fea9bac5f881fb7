import type { Logger } from '@eloquence/shared/runtime/logger';
import type { ChatSettings } from '../settings.ts';
import type { ChatProvider } from './provider.ts';
import { buildProviders } from './registry.ts';

/** Model names that mean "the one that is configured". */
export const MODEL_ALIAS = 'talk';

/** Which model answers: the best that has one. Once found it stays; one that breaks is an error to be heard. */
export class ProviderChoice {
  readonly #settings: ChatSettings;
  readonly #providers: readonly ChatProvider[];

  constructor(settings: ChatSettings, logger: Logger) {
    this.#settings = settings;
    const { provider } = settings;
    this.#providers = buildProviders(settings, logger).filter(({ id }) => provider === 'auto' || id === provider);
  }

  current(): ChatProvider {
    return this.#providers.find((provider) => provider.defaultModel()) ?? (this.#providers[0] as ChatProvider);
  }

  /** Looks for Ollama now, if it may be used. Never throws. */
  async probe(): Promise<void> {
    const signal = AbortSignal.timeout(this.#settings.probeTimeoutMs);
    const ollama = this.#providers.find(({ id }) => id === 'ollama');
    await ollama?.check(signal).catch(() => undefined);
  }
}
