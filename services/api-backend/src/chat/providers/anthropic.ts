import Anthropic, { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import type { ModelInfo } from '@anthropic-ai/sdk/resources/models';
import { AppError } from '@eloquence/shared/runtime/errors';
import { AnthropicAnswer } from './anthropic-answer.ts';
import { toAnthropic } from './anthropic-request.ts';
import { eventStreamFetch } from './event-stream-fetch.ts';
import { modelEngine, vendorModels } from './model-engine.ts';
import type { ChatPart, ChatProvider, ModelRequest } from './provider.ts';
import { brokenOff, statusError, type Peer } from './upstream-error.ts';

const PEER: Peer = {
  peer: 'Anthropic',
  keyName: 'ANTHROPIC_API_KEY',
  urlName: 'ANTHROPIC_BASE_URL',
  modelName: 'ANTHROPIC_MODEL',
};
/** All on one page; there are a few dozen. */
const MODELS_PER_PAGE = 1000;

export interface AnthropicSettings {
  readonly apiKey: string;
  /** Without `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
}

/**
 * Anthropic through its own library. Its models cannot all be given the beginning of an answer, so it does not
 * `continue`: it is asked in words to go on.
 */
export function anthropicChat(settings: AnthropicSettings): ChatProvider {
  const client = new Anthropic({
    apiKey: settings.apiKey,
    authToken: null,
    // The library writes the /v1 itself.
    baseURL: settings.baseUrl.replace(/\/v1$/, ''),
    maxRetries: 0,
    fetch: eventStreamFetch(),
    openTelemetry: false,
    // Its log lines hold the request.
    logLevel: 'off',
  });
  /** Models that can be told not to think first, as their list has it. */
  const thinkers = new Set<string>();

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    const answer = new AnthropicAnswer(PEER.peer);
    try {
      const body = toAnthropic(request, thinkers.has(request.model));
      const events = await client.messages.create(body, { signal });
      for await (const event of events) yield* answer.read(event);
      // The library ends its loop quietly when the signal aborts.
      signal.throwIfAborted();
    } catch (error) {
      signal.throwIfAborted();
      if (!answer.isFinished) throw anthropicError(error);
    }
    yield* answer.end();
  }

  async function list(signal: AbortSignal): Promise<string[]> {
    const { data } = await client.models.list({ limit: MODELS_PER_PAGE }, { signal });
    for (const model of data) if (mayThinkLess(model)) thinkers.add(model.id);
    return data.map(({ id }) => id);
  }

  const { models, check } = vendorModels({
    list,
    model: () => settings.model,
    peer: PEER,
    toError: anthropicError,
    hasNoList: (error) => error instanceof APIError && error.status === 404,
  });
  return {
    id: 'anthropic',
    defaultModel: () => settings.model,
    engine: (model = settings.model) => modelEngine('anthropic', PEER.peer, model),
    stream,
    models,
    check,
  };
}

/** Gateways leave capabilities out, or parts of them. */
interface Capabilities {
  readonly thinking?: { readonly types?: { readonly disabled?: { readonly supported?: boolean } } } | null;
}

function mayThinkLess(model: ModelInfo): boolean {
  const capabilities: Capabilities | null | undefined = model.capabilities;
  return capabilities?.thinking?.types?.disabled?.supported ?? false;
}

function anthropicError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (!(error instanceof APIError) || error instanceof APIConnectionError) return brokenOff(PEER, error);
  return statusError({
    peer: PEER,
    status: error.status,
    retryAfter: error.headers?.get('retry-after'),
    codes: [error.errorCode, error.type],
    text: error.apiMessage ?? undefined,
    cause: error,
  });
}
