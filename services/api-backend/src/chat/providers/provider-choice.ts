import type { Logger } from '@eloquence/shared/runtime/logger';
import { demoCoach } from '../demo-coach/demo-coach.ts';
import type { ChatSettings } from '../settings.ts';
import { mistralChat } from './mistral.ts';
import { ollamaChat, type OllamaProvider } from './ollama.ts';
import { openaiWire } from './openai.ts';
import type { ChatProvider } from './provider.ts';

/**
 * Which model answers. Keys decide at once; without one Ollama is looked for at start and, while it is not there, again
 * behind later requests. Once found it stays: a model that breaks is an error to be heard, never a quiet change to the demo.
 */
export class ProviderChoice {
  readonly #settings: ChatSettings;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  /** Set only where Ollama may be used. */
  readonly #ollama: OllamaProvider | undefined;
  #current: ChatProvider;
  #probedAtMs = -Infinity;
  #probing: Promise<void> | undefined;

  constructor(settings: ChatSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    const { provider, mistral, openai } = settings;
    const mayBe = (name: ChatSettings['provider']) => provider === name || provider === 'auto';
    if (mistral && mayBe('mistral')) this.#current = mistralChat(mistral);
    else if (openai && mayBe('openai')) this.#current = openaiChat(openai);
    else if (mayBe('ollama')) {
      this.#ollama = ollamaChat(settings.ollama);
      this.#current = provider === 'ollama' ? this.#ollama : demoCoach();
    } else this.#current = demoCoach();
  }

  /** The provider of the next answer. Looks for Ollama behind the request when it is time to. */
  current(): ChatProvider {
    if (performance.now() - this.#probedAtMs > this.#settings.probeEveryMs) void this.probe();
    return this.#current;
  }

  /** Looks for Ollama now, if it may be used and has not been found. Never throws. */
  probe(): Promise<void> {
    if (!this.#ollama || this.#current.engine().id.startsWith('ollama/')) return Promise.resolve();
    this.#probing ??= this.#probe(this.#ollama).finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  close(): void {
    this.#closing.abort(new DOMException('closing', 'AbortError'));
  }

  async #probe(ollama: OllamaProvider): Promise<void> {
    this.#probedAtMs = performance.now();
    const timeout = AbortSignal.timeout(this.#settings.probeTimeoutMs);
    const found = await ollama.probe(AbortSignal.any([this.#closing.signal, timeout]));
    if (!found || this.#current === ollama) return;
    this.#current = ollama;
    this.#logger.info({ engine: ollama.engine().id }, 'ollama found');
  }
}

function openaiChat(settings: NonNullable<ChatSettings['openai']>): ChatProvider {
  const label = `OpenAI ${settings.model}`;
  const engine = { id: `openai/${settings.model}`, label, label_fr: label, demo: false };
  return openaiWire({
    id: 'openai',
    peer: 'OpenAI',
    settings: 'OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL',
    apiKey: settings.apiKey,
    baseUrl: settings.baseUrl,
    engine: () => engine,
    model: () => settings.model,
  });
}
