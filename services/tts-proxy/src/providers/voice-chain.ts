import type { Engine } from '@eloquence/shared/contracts/engine';
import type { SpeechProvider } from './provider.ts';

/** How long a provider that failed is tried last: long enough that a conversation does not change voice at every sentence. */
const REST_MS = 20_000;

/** Providers in order of preference, and which of them have just failed. */
export class VoiceChain {
  readonly #providers: readonly SpeechProvider[];
  readonly #restingUntil = new Map<SpeechProvider, number>();
  readonly #now: () => number;

  constructor(providers: readonly SpeechProvider[], now: () => number = () => performance.now()) {
    this.#providers = providers;
    this.#now = now;
  }

  /** Whom to ask, in order; those that failed lately come last, in their own order. */
  order(): SpeechProvider[] {
    const rested = this.#providers.filter((provider) => !this.#rests(provider));
    return [...rested, ...this.#providers.filter((provider) => this.#rests(provider))];
  }

  /** What the next answer will probably be spoken by. */
  engine(): Engine | undefined {
    return this.order()[0]?.engine;
  }

  failed(provider: SpeechProvider): void {
    this.#restingUntil.set(provider, this.#now() + REST_MS);
  }

  worked(provider: SpeechProvider): void {
    this.#restingUntil.delete(provider);
  }

  async close(): Promise<void> {
    await Promise.all(this.#providers.map(async (provider) => provider.close?.()));
  }

  #rests(provider: SpeechProvider): boolean {
    return (this.#restingUntil.get(provider) ?? 0) > this.#now();
  }
}
