import { createHash } from 'node:crypto';
import type { ChatMessage } from '@eloquence/shared/contracts/chat';
import type { ChatCompletionStreamRequest } from '@mistralai/mistralai/models/components';
import { NOBODY_SPOKE, textOf } from './message-text.ts';
import type { ModelRequest } from './provider.ts';

/** OpenAI goes up to 2, Mistral does not. */
const MAX_TEMPERATURE = 1.5;

type Messages = ChatCompletionStreamRequest['messages'];

/** A request in the words of Mistral's library. */
export function toMistral(request: ModelRequest): ChatCompletionStreamRequest {
  const { temperature, top_p: topP, cacheKey } = request;
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  return {
    model: request.model,
    messages: toMessages(request),
    ...(temperature != null && { temperature: Math.min(temperature, MAX_TEMPERATURE) }),
    ...(topP != null && { topP }),
    ...(maxTokens != null && { maxTokens }),
    ...(request.stop != null && { stop: request.stop }),
    ...(cacheKey && { promptCacheKey: cacheKey }),
    ...responseFormat(request),
    ...tools(request),
  };
}

function responseFormat({ response_format: format }: ModelRequest): Partial<ChatCompletionStreamRequest> {
  if (!format || format.type === 'text') return {};
  if (format.type === 'json_object') return { responseFormat: { type: 'json_object' } };
  const { name, schema, strict } = format.json_schema;
  return {
    responseFormat: {
      type: 'json_schema',
      jsonSchema: { name, schemaDefinition: schema ?? {}, ...(strict != null && { strict }) },
    },
  };
}

function tools(request: ModelRequest): Partial<ChatCompletionStreamRequest> {
  if (!request.tools?.length) return {};
  return {
    tools: request.tools.map(({ function: { name, description, parameters } }) => ({
      type: 'function' as const,
      function: {
        name,
        ...(description !== undefined && { description }),
        parameters: parameters ?? { type: 'object', properties: {} },
      },
    })),
    ...(request.tool_choice && { toolChoice: request.tool_choice }),
    ...(request.parallel_tool_calls !== undefined && { parallelToolCalls: request.parallel_tool_calls }),
  };
}

function toMessages({ messages, continueFrom }: ModelRequest): Messages {
  const list: Messages = messages.map((message) => toMessage(message));
  const last = messages.at(-1)?.role;
  // Mistral answers only a person or a tool. "Greet the caller" comes as a system message with nobody before it.
  if (last !== 'user' && last !== 'tool') list.push({ role: 'user', content: NOBODY_SPOKE });
  // A prefix is what the answer begins with.
  if (continueFrom) list.push({ role: 'assistant', content: continueFrom, prefix: true });
  return list;
}

function toMessage(message: ChatMessage): Messages[number] {
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
