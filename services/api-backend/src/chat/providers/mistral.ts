import { AppError } from '@eloquence/shared/runtime/errors';
import { HTTPClient, Mistral } from '@mistralai/mistralai';
import { MistralError } from '@mistralai/mistralai/models/errors';
import { eventStreamFetch } from './event-stream-fetch.ts';
import { MistralAnswer } from './mistral-answer.ts';
import { toMistral } from './mistral-request.ts';
import { modelEngine, vendorModels } from './model-engine.ts';
import type { ChatPart, ChatProvider, ModelRequest } from './provider.ts';
import { brokenOff, statusError, type Peer } from './upstream-error.ts';

const PEER: Peer = {
  peer: 'Mistral',
  keyName: 'MISTRAL_API_KEY',
  urlName: 'MISTRAL_BASE_URL',
  modelName: 'MISTRAL_MODEL',
};

export interface MistralSettings {
  readonly apiKey: string;
  /** Mistral's own address or that of a host of its models, with or without `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
}

/** Mistral through its own library. */
export function mistralChat(settings: MistralSettings): ChatProvider {
  const send = eventStreamFetch();
  /** One for each request, which is cheap, because only so can its signal be handed to `fetch` and not to a clone. */
  const clientFor = (signal: AbortSignal) =>
    new Mistral({
      apiKey: settings.apiKey,
      // The library writes the /v1 itself.
      serverURL: settings.baseUrl.replace(/\/v1$/, ''),
      retryConfig: { strategy: 'none' },
      httpClient: new HTTPClient({ fetcher: (input) => send(input, { signal }) }),
    });
  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    const answer = new MistralAnswer(PEER.peer);
    try {
      const events = await clientFor(signal).chat.stream(toMistral(request), { fetchOptions: { signal } });
      for await (const event of events) yield* answer.read(event.data);
    } catch (error) {
      signal.throwIfAborted();
      if (!answer.isFinished) throw mistralError(error);
    }
    yield* answer.end();
  }
  async function list(signal: AbortSignal): Promise<string[]> {
    const { data = [] } = await clientFor(signal).models.list(undefined, { fetchOptions: { signal } });
    return data.flatMap((model) => ('id' in model ? [model.id] : []));
  }
  const { models, check } = vendorModels({
    list,
    model: () => settings.model,
    peer: PEER,
    toError: mistralError,
    hasNoList: (error) => error instanceof MistralError && error.statusCode === 404,
  });
  return {
    id: 'mistral',
    continues: true,
    defaultModel: () => settings.model,
    engine: (model = settings.model) => modelEngine('mistral', PEER.peer, model),
    stream,
    models,
    check,
  };
}

function mistralError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  // A good status with a body that the library cannot read is no refusal.
  if (!(error instanceof MistralError) || error.statusCode < 400) return brokenOff(PEER, error);
  const { code, type } = bodyOf(error.body);
  return statusError({
    peer: PEER,
    status: error.statusCode,
    retryAfter: error.headers.get('retry-after'),
    codes: [code, type],
    text: error.body,
    cause: error,
  });
}

function bodyOf(text: string): { code?: unknown; type?: unknown } {
  try {
    return (JSON.parse(text) as { code?: unknown; type?: unknown } | null) ?? {};
  } catch {
    return {};
  }
}
