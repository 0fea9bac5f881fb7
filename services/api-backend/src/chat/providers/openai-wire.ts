import { AppError } from '@eloquence/shared/runtime/errors';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import type { Stream } from 'openai/core/streaming';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import { eventStreamFetch, isDone } from './event-stream-fetch.ts';
import { assertListed, modelEngine } from './model-engine.ts';
import { OpenAiAnswer } from './openai-answer.ts';
import { refusedMember, toOpenAi, type OpenAiWireId, type Refused } from './openai-request.ts';
import type { ChatPart, ChatProvider, ModelRequest } from './provider.ts';
import { brokenOff, statusError } from './upstream-error.ts';

export interface OpenAiWireOptions {
  readonly id: OpenAiWireId;
  /** Name in messages. */
  readonly peer: string;
  /** Variables to check when it refuses. */
  readonly settings: string;
  /** The variable that holds the model's name. */
  readonly modelVariable: string;
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
  const { id, peer, settings, defaultModel } = options;
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
  const refusedBy = new Map<string, Refused>();

  /** A server may refuse a member that others take; it is asked again at once without it, and not given it any more. */
  async function open(request: ModelRequest, signal: AbortSignal): Promise<Opened> {
    const refused = refusedBy.get(request.model) ?? new Set();
    const body = toOpenAi(request, id, refused);
    try {
      return await client.chat.completions.create(body, { signal }).withResponse();
    } catch (error) {
      const isRefusal = error instanceof APIError && (error.status === 400 || error.status === 422);
      const member = isRefusal ? refusedMember(body, error.message) : undefined;
      if (!member) throw error;
      refusedBy.set(request.model, new Set([...refused, member]));
      return open(request, signal);
    }
  }

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    const answer = new OpenAiAnswer(peer);
    try {
      const { data: chunks, response } = await open(request, signal);
      for await (const chunk of chunks) yield* answer.read(chunk);
      // The library ends its loop quietly when the signal aborts.
      signal.throwIfAborted();
      yield* answer.end(isDone(response));
    } catch (error) {
      signal.throwIfAborted();
      if (!answer.isFinished) throw wireError(error, peer, settings);
      yield* answer.end(true);
    }
  }

  async function models(signal: AbortSignal): Promise<string[]> {
    try {
      const list = await client.models.list({ signal });
      return list.data.map((model) => model.id);
    } catch (error) {
      signal.throwIfAborted();
      throw wireError(error, peer, settings);
    }
  }

  async function check(signal: AbortSignal): Promise<void> {
    const model = defaultModel();
    try {
      const list = await client.models.list({ signal });
      const names = list.data.map(({ id: name }) => name);
      if (model !== undefined) assertListed(model, names, peer, options.modelVariable);
    } catch (error) {
      signal.throwIfAborted();
      // Reachable, but it keeps no list: the first answer will tell.
      if (error instanceof APIError && error.status === 404) return;
      throw wireError(error, peer, settings);
    }
  }
  const engine = (model = defaultModel()) => modelEngine(id, peer, model);
  return { id, defaultModel, engine, stream, models, check };
}

function wireError(error: unknown, peer: string, settings: string): unknown {
  if (error instanceof AppError) return error;
  if (!(error instanceof APIError) || error instanceof APIConnectionError) return brokenOff(peer, settings, error);
  return statusError({
    peer,
    settings,
    status: error.status,
    retryAfter: error.headers?.get('retry-after'),
    codes: [error.code, error.type],
    text: error.message,
    cause: error,
  });
}
