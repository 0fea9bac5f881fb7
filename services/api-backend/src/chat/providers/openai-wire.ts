import { AppError } from '@eloquence/shared/runtime/errors';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import type { Stream } from 'openai/core/streaming';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import { eventStreamFetch, isDone } from './event-stream-fetch.ts';
import { modelEngine, vendorModels } from './model-engine.ts';
import { OpenAiAnswer } from './openai-answer.ts';
import { refusedMember, toOpenAi, type Dispensable, type OpenAiWireId } from './openai-request.ts';
import type { ChatPart, ChatProvider, ModelRequest } from './provider.ts';
import { RefusedMembers } from './refused-members.ts';
import { brokenOff, statusError, type Peer } from './upstream-error.ts';

export interface OpenAiWireOptions {
  readonly id: OpenAiWireId;
  readonly peer: Peer;
  readonly apiKey: string;
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly defaultModel: () => string | undefined;
}

interface Opened {
  readonly data: Stream<ChatCompletionChunk>;
  readonly response: Response;
}

/** A provider of OpenAI's own wire: OpenAI, Groq, Ollama, and every server that copies it. */
export function openaiWire(options: OpenAiWireOptions): ChatProvider {
  const { id, peer, defaultModel } = options;
  const client = new OpenAI({
    apiKey: options.apiKey,
    baseURL: options.baseUrl,
    organization: null,
    project: null,
    maxRetries: 0,
    fetch: eventStreamFetch(),
    // Its log lines hold the request.
    logLevel: 'off',
  });
  const memory = new RefusedMembers();

  /** A server may refuse a member that others take; it is asked again at once without it. */
  async function open(request: ModelRequest, signal: AbortSignal): Promise<Opened> {
    const refused = new Set(memory.of(request.model));
    let latest: Dispensable | undefined;
    for (;;) {
      const body = toOpenAi(request, id, refused);
      try {
        const opened = await client.chat.completions.create(body, { signal }).withResponse();
        if (latest) memory.add(request.model, latest);
        return opened;
      } catch (error) {
        const isRefusal = error instanceof APIError && (error.status === 400 || error.status === 422);
        latest = isRefusal ? refusedMember(body, { text: error.message, param: error.param }) : undefined;
        if (!latest) throw error;
        refused.add(latest);
      }
    }
  }

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    const answer = new OpenAiAnswer(peer.peer);
    try {
      const { data: chunks, response } = await open(request, signal);
      for await (const chunk of chunks) yield* answer.read(chunk);
      // The library ends its loop quietly when the signal aborts.
      signal.throwIfAborted();
      yield* answer.end(isDone(response));
    } catch (error) {
      signal.throwIfAborted();
      if (!answer.isFinished) throw wireError(error, peer);
      yield* answer.end(true);
    }
  }

  const { models, check } = vendorModels({
    list: async (signal) => (await client.models.list({ signal })).data.map((model) => model.id),
    model: defaultModel,
    peer,
    toError: (error) => wireError(error, peer),
    hasNoList: (error) => error instanceof APIError && error.status === 404,
  });
  const engine = (model = defaultModel()) => modelEngine(id, peer.peer, model);
  return { id, defaultModel, engine, stream, models, check };
}

function wireError(error: unknown, peer: Peer): unknown {
  if (error instanceof AppError) return error;
  if (!(error instanceof APIError) || error instanceof APIConnectionError) return brokenOff(peer, error);
  return statusError({
    peer,
    status: error.status,
    retryAfter: error.headers?.get('retry-after'),
    codes: [error.code, error.type],
    text: error.message,
    cause: error,
  });
}
