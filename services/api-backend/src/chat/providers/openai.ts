import type { ChatRequest } from '@eloquence/shared/contracts/chat';
import type { Engine } from '@eloquence/shared/contracts/engine';
import { AppError } from '@eloquence/shared/runtime/errors';
import { keepAliveFetch } from '@eloquence/shared/runtime/keep-alive-fetch';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { ChatPart, ChatProvider, FinishReason } from './provider.ts';
import { brokenOff, statusError } from './upstream-error.ts';

/** Model names that mean "the one that is configured". */
export const MODEL_ALIAS = 'talk';

export interface OpenAiWireOptions {
  readonly id: 'openai' | 'ollama';
  /** Name in messages. */
  readonly peer: string;
  /** Variables to check when it refuses. */
  readonly settings: string;
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly engine: () => Engine;
  /** What {@link MODEL_ALIAS} stands for. */
  readonly model: () => string;
}

/** A provider of OpenAI's own wire: OpenAI, Ollama, and every server that copies it. */
export function openaiWire(options: OpenAiWireOptions): ChatProvider {
  const client = new OpenAI({
    apiKey: options.apiKey,
    baseURL: options.baseUrl,
    organization: null,
    project: null,
    maxRetries: 0,
    fetch: keepAliveFetch(),
    // Its log lines hold the request.
    logLevel: 'off',
  });
  const wrap = (error: unknown, signal: AbortSignal): unknown => {
    signal.throwIfAborted();
    const { peer, settings } = options;
    if (error instanceof AppError) return error;
    if (!(error instanceof APIError) || error instanceof APIConnectionError) return brokenOff(peer, settings, error);
    const retryAfter = error.headers?.get('retry-after');
    return statusError({ peer, settings, status: error.status ?? 500, retryAfter, cause: error });
  };
  async function* stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    try {
      const model = request.model === MODEL_ALIAS ? options.model() : request.model;
      const chunks = await client.chat.completions.create(toOpenAi(request, model), { signal });
      for await (const chunk of chunks) yield* fromOpenAi(chunk);
      // The library ends its loop quietly when the signal aborts.
      signal.throwIfAborted();
    } catch (error) {
      throw wrap(error, signal);
    }
  }
  async function models(signal: AbortSignal): Promise<string[]> {
    try {
      const list = await client.models.list({ signal });
      return list.data.map((model) => model.id);
    } catch (error) {
      throw wrap(error, signal);
    }
  }
  return { id: options.id, engine: options.engine, stream, models };
}

/** The members we know; others of a loose request stay behind, a strict server would refuse them. */
function toOpenAi(request: ChatRequest, model: string): ChatCompletionCreateParamsStreaming {
  const known = ['temperature', 'top_p', 'max_tokens', 'max_completion_tokens', 'stop', 'response_format'] as const;
  const tools = ['tools', 'tool_choice', 'parallel_tool_calls'] as const;
  const body: Record<string, unknown> = {
    model,
    messages: request.messages,
    stream: true,
    stream_options: { include_usage: true },
  };
  for (const name of known) if (request[name] !== undefined && request[name] !== null) body[name] = request[name];
  // An empty list of tools is refused, and so is a choice without one.
  if (request.tools?.length) for (const name of tools) if (request[name] !== undefined) body[name] = request[name];
  return body as unknown as ChatCompletionCreateParamsStreaming;
}

function* fromOpenAi(chunk: ChatCompletionChunk): Generator<ChatPart> {
  const [choice] = chunk.choices ?? [];
  if (choice?.delta?.content) yield { type: 'text', text: choice.delta.content };
  for (const call of choice?.delta?.tool_calls ?? []) {
    yield {
      type: 'tool_call',
      index: call.index,
      ...(call.id && { id: call.id }),
      ...(call.function?.name && { name: call.function.name }),
      ...(call.function?.arguments && { arguments: call.function.arguments }),
    };
  }
  if (choice?.finish_reason) yield { type: 'finish', reason: finishReason(choice.finish_reason) };
  if (chunk.usage) {
    const { prompt_tokens, completion_tokens, total_tokens } = chunk.usage;
    yield { type: 'usage', usage: { prompt_tokens, completion_tokens, total_tokens } };
  }
}

function finishReason(reason: NonNullable<ChatCompletionChunk.Choice['finish_reason']>): FinishReason {
  return reason === 'function_call' ? 'tool_calls' : reason;
}
