import type { ChatMessage } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import { keepAliveFetch } from '@eloquence/shared/runtime/keep-alive-fetch';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import { assertListed, modelEngine } from './model-engine.ts';
import type { ChatPart, ChatProvider, ChatProviderId, FinishReason, ModelRequest } from './provider.ts';
import { brokenOff, statusError } from './upstream-error.ts';

export type OpenAiWireId = Extract<ChatProviderId, 'openai' | 'groq' | 'rest' | 'ollama'>;

/** How a server's wire differs from OpenAI's own. */
interface Dialect {
  readonly maxTokens: 'max_tokens' | 'max_completion_tokens';
  /** Has `prompt_cache_key`. */
  readonly cacheKey: boolean;
  /** Knows the role `developer`; to others it is `system`. */
  readonly developer: boolean;
}

const DIALECTS: Readonly<Record<OpenAiWireId, Dialect>> = {
  openai: { maxTokens: 'max_completion_tokens', cacheKey: true, developer: true },
  groq: { maxTokens: 'max_completion_tokens', cacheKey: false, developer: false },
  rest: { maxTokens: 'max_tokens', cacheKey: false, developer: false },
  ollama: { maxTokens: 'max_tokens', cacheKey: false, developer: false },
};

export interface OpenAiWireOptions {
  readonly id: OpenAiWireId;
  /** Name in messages. */
  readonly peer: string;
  /** Variables to check when it refuses. */
  readonly settings: string;
  /** The variable that holds the model's name. */
  readonly modelVariable: string;
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly defaultModel: () => string | undefined;
}

/** A provider of OpenAI's own wire: OpenAI, Groq, Ollama, and every server that copies it. */
export function openaiWire(options: OpenAiWireOptions): ChatProvider {
  const { peer, settings, defaultModel } = options;
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
    if (error instanceof AppError) return error;
    if (!(error instanceof APIError) || error instanceof APIConnectionError) return brokenOff(peer, settings, error);
    const retryAfter = error.headers?.get('retry-after');
    return statusError({ peer, settings, status: error.status ?? 500, retryAfter, cause: error });
  };
  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    try {
      const chunks = await client.chat.completions.create(toOpenAi(request, DIALECTS[options.id]), { signal });
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
  async function check(signal: AbortSignal): Promise<void> {
    const names = await models(signal);
    const model = defaultModel();
    if (model !== undefined) assertListed(model, names, peer, options.modelVariable);
  }
  const engine = (model = defaultModel()) => modelEngine(options.id, peer, model);
  return { id: options.id, defaultModel, engine, stream, models, check };
}

/** The members we know; others of a loose request stay behind, a strict server would refuse them. */
function toOpenAi(request: ModelRequest, dialect: Dialect): ChatCompletionCreateParamsStreaming {
  const known = ['temperature', 'top_p', 'stop', 'response_format'] as const;
  const tools = ['tools', 'tool_choice', 'parallel_tool_calls'] as const;
  const body: Record<string, unknown> = {
    model: request.model,
    messages: request.messages.map((message) => toMessage(message, dialect)),
    stream: true,
    stream_options: { include_usage: true },
  };
  for (const name of known) if (request[name] !== undefined && request[name] !== null) body[name] = request[name];
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  if (maxTokens) body[dialect.maxTokens] = maxTokens;
  if (dialect.cacheKey && request.cacheKey) body['prompt_cache_key'] = request.cacheKey;
  // An empty list of tools is refused, and so is a choice without one.
  if (request.tools?.length) for (const name of tools) if (request[name] !== undefined) body[name] = request[name];
  return body as unknown as ChatCompletionCreateParamsStreaming;
}

function toMessage(message: ChatMessage, dialect: Dialect): ChatMessage {
  return message.role === 'developer' && !dialect.developer ? { ...message, role: 'system' } : message;
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
