import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { assertListed } from './model-engine.ts';
import { OllamaContext } from './ollama-context.ts';
import { openaiWire } from './openai-wire.ts';
import type { ChatPart, ChatProvider, ModelRequest } from './provider.ts';
import type { Peer } from './upstream-error.ts';

const PEER: Peer = {
  peer: 'Ollama',
  urlName: 'that it runs and has a model (`ollama pull qwen3:4b`), OLLAMA_URL',
  modelName: 'OLLAMA_MODEL',
};

export interface OllamaSettings {
  readonly url: string;
  /** Default: the first one it lists. */
  readonly model?: string;
  readonly probeTimeoutMs: number;
  /** How long a probe that found none is believed before the next question asks again. */
  readonly probeEveryMs: number;
}

/**
 * Ollama through its OpenAI wire. It has a model once it has been seen to have one: `check` looks, and so does every
 * `defaultModel` behind itself, but not too often, so that an Ollama started later is found. Once found it stays.
 */
export function ollamaChat(settings: OllamaSettings, logger: Logger): ChatProvider {
  let model: string | undefined;
  let probedAtMs = -Infinity;
  const wire = openaiWire({
    id: 'ollama',
    peer: PEER,
    // Ollama takes none, the library insists on one.
    apiKey: 'ollama',
    baseUrl: `${settings.url}/v1`,
    defaultModel: () => model,
  });
  async function check(signal: AbortSignal): Promise<void> {
    probedAtMs = performance.now();
    const names = await wire.models(signal);
    const found = settings.model ?? names[0];
    if (found === undefined) throw new AppError('unknown_model', 'Ollama has no model. Run `ollama pull qwen3:4b`.');
    assertListed(found, names, PEER);
    if (model === undefined) logger.info({ engine: `ollama/${found}` }, 'ollama found');
    model = found;
  }
  function defaultModel(): string | undefined {
    const isDue = performance.now() - probedAtMs > settings.probeEveryMs;
    if (model === undefined && isDue) void check(AbortSignal.timeout(settings.probeTimeoutMs)).catch(() => undefined);
    return model;
  }
  const context = new OllamaContext({ url: settings.url, peer: PEER });
  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    yield* wire.stream(request.whole ? await context.fit(request, signal) : request, signal);
  }
  return { ...wire, defaultModel, check, stream };
}
