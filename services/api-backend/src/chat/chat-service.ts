import type { Engine } from '@eloquence/shared/contracts/engine';
import type { ChatProvider } from './providers/provider.ts';

/** What the LLM proxy runs on. */
export class ChatService {
  readonly #provider: ChatProvider;

  constructor(provider: ChatProvider) {
    this.#provider = provider;
  }

  /** The model in use, for `/ready`. */
  engine(): Engine {
    return this.#provider.engine();
  }
}
