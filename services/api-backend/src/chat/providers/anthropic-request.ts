import { createHash } from 'node:crypto';
import type { ChatMessage } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import type {
  CacheControlEphemeral,
  ContentBlockParam,
  JSONOutputFormat,
  MessageCreateParamsStreaming,
  TextBlockParam,
  Tool,
  ToolChoice,
} from '@anthropic-ai/sdk/resources/messages';
import { NOBODY_SPOKE, textOf } from './message-text.ts';
import type { ModelRequest } from './provider.ts';

/** Anthropic insists on a limit; spoken answers and summaries stay far below it. */
const DEFAULT_MAX_TOKENS = 4_096;

/** What is read up to here is kept for five minutes; the next turn of the conversation begins with it. */
const CACHE: CacheControlEphemeral = { type: 'ephemeral' };

const JSON_ONLY = 'Answer with one JSON object and nothing else.';

/** The last models with `temperature`; later ones refuse it, and of these most refuse it beside `top_p`. */
const SAMPLING_MODELS = /^claude-(?:[23]|(?:opus|sonnet|haiku)-4-(?:[0-6](?!\d)|20\d{6}))/;

interface AnthropicTurn {
  readonly role: 'user' | 'assistant';
  readonly content: ContentBlockParam[];
}

/**
 * A request in the words of Anthropic's library. Instructions before the conversation are its `system`; later ones stay
 * where they were said, as marked text, because a `system` that changes would empty the prompt cache.
 *
 * @param mayThinkLess the model can be told not to think first: nobody waits on the phone for thoughts
 * @throws AppError `invalid_request` for a JSON schema that Anthropic cannot keep to
 */
export function toAnthropic(request: ModelRequest, mayThinkLess: boolean): MessageCreateParamsStreaming {
  const firstTurn = request.messages.findIndex(({ role }) => role !== 'system' && role !== 'developer');
  const split = firstTurn < 0 ? request.messages.length : firstTurn;
  const messages = toTurns(request.messages.slice(split));
  const system = toSystem(request, request.messages.slice(0, split));
  const tools = toTools(request);
  // What changes least comes first: tools, instructions, conversation. Each mark keeps all that is before it.
  const stable = system.at(-1) ?? tools.at(-1);
  if (stable) stable.cache_control = CACHE;
  markLast(messages);
  const stops = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? []);
  // Anthropic refuses sequences of nothing but white space.
  const stopSequences = stops.filter((stop) => stop.trim());
  const format = outputFormat(request);
  return {
    model: request.model,
    max_tokens: request.max_completion_tokens ?? request.max_tokens ?? DEFAULT_MAX_TOKENS,
    stream: true,
    messages,
    ...(system.length > 0 && { system }),
    ...(tools.length > 0 && { tools, tool_choice: toolChoice(request) }),
    ...(stopSequences.length > 0 && { stop_sequences: stopSequences }),
    ...(format && { output_config: { format } }),
    ...(mayThinkLess && { thinking: { type: 'disabled' as const } }),
    ...sampling(request),
  };
}

/** Members that this version of the library no longer has, for the models that still do. */
function sampling({ model, temperature, top_p: topP }: ModelRequest): Record<string, number> {
  if (!SAMPLING_MODELS.test(model)) return {};
  if (temperature != null) return { temperature: Math.min(temperature, 1) };
  return topP == null ? {} : { top_p: topP };
}

function toSystem(request: ModelRequest, messages: readonly ChatMessage[]): TextBlockParam[] {
  const texts = messages.map(({ content }) => textOf(content));
  const { response_format: format } = request;
  if (format?.type === 'json_object' || (format?.type === 'json_schema' && !format.json_schema.schema))
    texts.push(JSON_ONLY);
  return texts.filter((text) => text.trim()).map((text) => ({ type: 'text', text }));
}

function outputFormat({ response_format: format }: ModelRequest): JSONOutputFormat | undefined {
  if (format?.type !== 'json_schema' || !format.json_schema.schema) return undefined;
  try {
    return { type: 'json_schema', schema: transformJSONSchema(format.json_schema.schema) };
  } catch (error) {
    throw new AppError('invalid_request', 'Anthropic cannot keep to this JSON schema: every part needs a type.', {
      cause: error,
      issues: [{ path: 'response_format.json_schema.schema', message: 'a part of it has no type' }],
    });
  }
}

/** Tools, or those that earlier turns have called: Anthropic refuses calls of tools it is not told of. */
function toTools({ tools, messages }: ModelRequest): Tool[] {
  if (tools?.length)
    return tools.map(({ function: { name, description, parameters } }) => ({
      name,
      ...(description !== undefined && { description }),
      input_schema: { ...parameters, type: 'object' as const },
    }));
  const called = messages.flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []) : []));
  const names = new Set(called.map((call) => call.function.name));
  return [...names].map((name) => ({ name, input_schema: { type: 'object' as const } }));
}

function toolChoice({ tools, tool_choice: choice, parallel_tool_calls: parallel }: ModelRequest): ToolChoice {
  if (!tools?.length || choice === 'none') return { type: 'none' };
  const single = parallel === false && { disable_parallel_tool_use: true };
  if (typeof choice === 'object') return { type: 'tool', name: choice.function.name, ...single };
  return { type: choice === 'required' ? 'any' : 'auto', ...single };
}

/** Turns that alternate and begin and end with a person's (or a tool's), as Anthropic wants them. */
function toTurns(messages: readonly ChatMessage[]): AnthropicTurn[] {
  const turns: AnthropicTurn[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = toBlocks(message);
    const last = turns.at(-1);
    if (content.length === 0) continue;
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  if (turns[0]?.role !== 'user') turns.unshift(nobody());
  if (turns.at(-1)?.role !== 'user') turns.push(nobody());
  return turns;
}

const nobody = (): AnthropicTurn => ({ role: 'user', content: [{ type: 'text', text: NOBODY_SPOKE }] });

function toBlocks(message: ChatMessage): ContentBlockParam[] {
  const text = textOf(message.content);
  // Empty text is refused.
  const spoken: ContentBlockParam[] = text.trim() ? [{ type: 'text', text }] : [];
  switch (message.role) {
    case 'system':
    case 'developer':
      return spoken.length > 0 ? [{ type: 'text', text: `<instructions>\n${text}\n</instructions>` }] : [];
    case 'user':
      return spoken;
    case 'tool':
      return [{ type: 'tool_result', tool_use_id: callId(message.tool_call_id), content: text }];
    case 'assistant':
      return [
        ...spoken,
        ...(message.tool_calls ?? []).map(({ id, function: { name, arguments: given } }) => ({
          type: 'tool_use' as const,
          id: callId(id),
          name,
          input: objectOf(given),
        })),
      ];
  }
}

/** The arguments a model wrote; what is no object it wrote wrongly, and only an object is taken. */
function objectOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/** Anthropic takes ids of letters, digits, _ and - only; others get a stable one. */
function callId(id: string): string {
  return /^[\w-]{1,64}$/.test(id) ? id : `toolu_${createHash('sha256').update(id).digest('hex').slice(0, 24)}`;
}

function markLast(turns: readonly AnthropicTurn[]): void {
  const block = turns.at(-1)?.content.at(-1);
  if (block?.type === 'text' || block?.type === 'tool_result') block.cache_control = CACHE;
}
