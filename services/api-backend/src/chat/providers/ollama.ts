import { AppError } from '@eloquence/shared/runtime/errors';
import { openaiWire } from './openai.ts';
import type { ChatProvider } from './provider.ts';

export interface OllamaProvider extends ChatProvider {
  /** Asks which models there are. @returns true when one can be used */
  probe(signal: AbortSignal): Promise<boolean>;
}

/** Ollama through its OpenAI wire. The model is the configured one, or the first that the last probe listed. */
export function ollamaChat(settings: { readonly url: string; readonly model?: string }): OllamaProvider {
  let model = settings.model;
  const wire = openaiWire({
    id: 'ollama',
    peer: 'Ollama',
    settings: 'OLLAMA_URL and OLLAMA_MODEL',
    // Ollama takes none, the library insists on one.
    apiKey: 'ollama',
    baseUrl: `${settings.url}/v1`,
    engine: () => {
      const label = model ? `Ollama ${model}` : 'Ollama';
      return { id: model ? `ollama/${model}` : 'ollama', label, label_fr: label, demo: false };
    },
    model: () => {
      if (model) return model;
      throw new AppError(
        'upstream_failed',
        'Ollama has no model, or does not answer. Start it and run `ollama pull qwen3:4b`, or set OLLAMA_MODEL.',
      );
    },
  });
  return {
    ...wire,
    async probe(signal) {
      try {
        const names = await wire.models(signal);
        model = settings.model ?? names[0];
        return model !== undefined && names.some((name) => name === model || name === `${model}:latest`);
      } catch {
        return false;
      }
    },
  };
}
