import { createHash } from 'node:crypto';
import type { ChatMessage } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import { keepAliveFetch } from '@eloquence/shared/runtime/keep-alive-fetch';
import { HTTPClient, Mistral } from '@mistralai/mistralai';
import type { ChatCompletionStreamRequest, CompletionChunk, ToolCall } from '@mistralai/mistralai/models/components';
import { MistralError } from '@mistralai/mistralai/models/errors';
import { assertListed, modelEngine } from './model-engine.ts';
import type { ChatPart, ChatProvider, FinishReason, ModelRequest } from './provider.ts';
import { brokenOff, statusError } from './upstream-error.ts';

const PEER = 'Mistral';
const SETTINGS = 'MISTRAL_API_KEY, MISTRAL_BASE_URL and MISTRAL_MODEL';

export interface MistralSettings {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
}

/** Mistral through its own library. */
export function mistralChat(settings: MistralSettings): ChatProvider {
  const client = new Mistral({
    apiKey: settings.apiKey,
    serverURL: settings.baseUrl,
    retryConfig: { strategy: 'none' },
    httpClient: new HTTPClient({ fetcher: keepAliveFetch() }),
  });
  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    try {
      const events = await client.chat.stream(toMistral(request), { fetchOptions: { signal } });
      for await (const event of events) yield* fromMistral(event.data);
    } catch (error) {
      signal.throwIfAborted();
      throw mistralError(error);
    }
  }
  async function models(signal: AbortSignal): Promise<string[]> {
    try {
      const list = await client.models.list(undefined, { fetchOptions: { signal } });
      return (list.data ?? []).flatMap((model) => ('id' in model ? [model.id] : []));
    } catch (error) {
      signal.throwIfAborted();
      throw mistralError(error);
    }
  }
  return {
    id: 'mistral',
    defaultModel: () => settings.model,
    engine: (model = settings.model) => modelEngine('mistral', PEER, model),
    stream,
    models,
    check: async (signal) => assertListed(settings.model, await models(signal), PEER, 'MISTRAL_MODEL'),
  };
}

function mistralError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (!(error instanceof MistralError)) return brokenOff(PEER, SETTINGS, error);
  const retryAfter = error.headers.get('retry-after');
  return statusError({ peer: PEER, settings: SETTINGS, status: error.statusCode, retryAfter, cause: error });
}

function toMistral(request: ModelRequest): ChatCompletionStreamRequest {
  const { temperature, top_p: topP, tools, tool_choice: toolChoice, response_format: responseFormat } = request;
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  const body: Partial<ChatCompletionStreamRequest> = {
    ...(temperature != null && { temperature }),
    ...(topP != null && { topP }),
    ...(maxTokens != null && { maxTokens }),
    ...(request.stop != null && { stop: request.stop }),
    ...(request.cacheKey && { promptCacheKey: request.cacheKey }),
    ...(responseFormat && {
      responseFormat: responseFormat as NonNullable<ChatCompletionStreamRequest['responseFormat']>,
    }),
  };
  if (tools?.length) {
    body.tools = tools.map((tool) => ({
      type: 'function' as const,
      function: {
        name: tool.function.name,
        ...(tool.function.description !== undefined && { description: tool.function.description }),
        parameters: tool.function.parameters ?? { type: 'object', properties: {} },
      },
    }));
    if (toolChoice) body.toolChoice = toolChoice;
    if (request.parallel_tool_calls !== undefined) body.parallelToolCalls = request.parallel_tool_calls;
  }
  return { ...body, model: request.model, messages: toMessages(request.messages) };
}

function toMessages(messages: readonly ChatMessage[]): ChatCompletionStreamRequest['messages'] {
  const list: ChatCompletionStreamRequest['messages'] = messages.map((message) => toMessage(message));
  const last = messages.at(-1)?.role;
  // Mistral answers only a person or a tool. "Greet the caller" comes as a system message with nobody before it.
  if (last !== 'user' && last !== 'tool') list.push({ role: 'user', content: '.' });
  return list;
}

function toMessage(message: ChatMessage): ChatCompletionStreamRequest['messages'][number] {
  const content = textOf(message.content);
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content };
    case 'user':
      return { role: 'user', content };
    case 'tool':
      return { role: 'tool', content, toolCallId: callId(message.tool_call_id) };
    case 'assistant':
      return {
        role: 'assistant',
        content,
        ...(message.tool_calls?.length && {
          toolCalls: message.tool_calls.map((call) => ({
            id: callId(call.id),
            type: 'function' as const,
            function: call.function,
          })),
        }),
      };
  }
}

/** Mistral takes ids of nine letters and digits only; one from another model of the same conversation gets a stable one. */
function callId(id: string): string {
  return /^[A-Za-z0-9]{9}$/.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 9);
}

function textOf(content: ChatMessage['content']): string {
  if (content == null) return '';
  return typeof content === 'string' ? content : content.map((part) => part.text).join('');
}

function* fromMistral(chunk: CompletionChunk): Generator<ChatPart> {
  const [choice] = chunk.choices;
  const content = choice?.delta.content;
  const text =
    typeof content === 'string'
      ? content
      : (content ?? []).map((part) => (part.type === 'text' && 'text' in part ? part.text : '')).join('');
  if (text) yield { type: 'text', text };
  for (const call of choice?.delta.toolCalls ?? []) yield toolCall(call);
  if (choice?.finishReason) yield { type: 'finish', reason: finishReason(choice.finishReason) };
  if (chunk.usage) {
    const { promptTokens = 0, completionTokens = 0, totalTokens = 0 } = chunk.usage;
    yield {
      type: 'usage',
      usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: totalTokens },
    };
  }
}

function toolCall(call: ToolCall): ChatPart {
  const { name, arguments: given } = call.function;
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  return {
    type: 'tool_call',
    index: call.index ?? 0,
    // The library writes "null" where the wire has none.
    ...(call.id && call.id !== 'null' && { id: call.id }),
    ...(name && { name }),
    ...(text && { arguments: text }),
  };
}

/** @throws AppError `upstream_failed` when the model itself says that it failed */
function finishReason(reason: string): FinishReason {
  switch (reason) {
    case 'length':
    case 'model_length':
      return 'length';
    case 'tool_calls':
      return 'tool_calls';
    case 'error':
      throw new AppError('upstream_failed', `${PEER} ended its answer with an error.`);
    default:
      return 'stop';
  }
}
