import type { ChatMessage } from '@eloquence/shared/contracts/chat';
import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import { NOBODY_SPOKE, textOf } from './message-text.ts';
import type { ChatProviderId, ModelRequest } from './provider.ts';

export type OpenAiWireId = Extract<ChatProviderId, 'openai' | 'groq' | 'rest' | 'ollama'>;

/** How a server's wire differs from OpenAI's own. */
interface Dialect {
  readonly maxTokens: 'max_tokens' | 'max_completion_tokens';
  /** Has `prompt_cache_key`. */
  readonly cacheKey: boolean;
  /** Knows the role `developer`; to others it is `system`. */
  readonly developer: boolean;
  /** Its chat templates may refuse instructions that nobody has spoken to yet. */
  readonly needsUser: boolean;
}

const DIALECTS: Readonly<Record<OpenAiWireId, Dialect>> = {
  openai: { maxTokens: 'max_completion_tokens', cacheKey: true, developer: true, needsUser: false },
  groq: { maxTokens: 'max_completion_tokens', cacheKey: false, developer: false, needsUser: false },
  rest: { maxTokens: 'max_tokens', cacheKey: false, developer: false, needsUser: true },
  ollama: { maxTokens: 'max_tokens', cacheKey: false, developer: false, needsUser: true },
};

/** Members that an answer can do without: a server that refuses one by name is asked again without it. */
const DISPENSABLE = [
  'stream_options',
  'prompt_cache_key',
  'parallel_tool_calls',
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
] as const;
export type Dispensable = (typeof DISPENSABLE)[number];

/** What a model of this server is known to refuse. */
export type Refused = ReadonlySet<Dispensable>;

/**
 * The members we know; others of a loose request stay behind, a strict server would refuse them.
 *
 * @param refused members to leave out; of the two names of the token limit the other is used instead
 */
export function toOpenAi(
  request: ModelRequest,
  id: OpenAiWireId,
  refused: Refused,
): ChatCompletionCreateParamsStreaming {
  const dialect = DIALECTS[id];
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  const other = dialect.maxTokens === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  const body: Record<string, unknown> = {
    model: request.model,
    messages: toMessages(request.messages, dialect),
    stream: true,
    stream_options: { include_usage: true },
    temperature: request.temperature ?? undefined,
    top_p: request.top_p ?? undefined,
    stop: request.stop ?? undefined,
    [refused.has(dialect.maxTokens) ? other : dialect.maxTokens]: maxTokens ?? undefined,
    prompt_cache_key: dialect.cacheKey ? request.cacheKey : undefined,
    response_format: request.response_format?.type === 'text' ? undefined : request.response_format,
    // An empty list of tools is refused, and so is a choice without one.
    ...(request.tools?.length && {
      tools: request.tools,
      tool_choice: request.tool_choice,
      parallel_tool_calls: request.parallel_tool_calls,
    }),
  };
  for (const name of refused) delete body[name];
  return body as unknown as ChatCompletionCreateParamsStreaming;
}

interface Refusal {
  /** The server's words, only looked at. They may quote anything of the request. */
  readonly text: string;
  /** Where in the request its error is, if it says so. */
  readonly param?: string | null | undefined;
}

/** The member of `body` that a server seems to refuse by its name, if an answer can do without it. */
export function refusedMember(body: object, { text, param }: Refusal): Dispensable | undefined {
  if (!/unsupported|not (?:supported|permitted|allowed|compatible)|unknown|unrecogni[sz]ed|extra/i.test(text))
    return undefined;
  // Where it says which one it means, no other word of it counts.
  if (param) return DISPENSABLE.find((name) => name in body && param.split(/[.[]/, 1)[0] === name);
  return DISPENSABLE.find((name) => name in body && new RegExp(`\\b${name}\\b`).test(text));
}

function toMessages(messages: readonly ChatMessage[], dialect: Dialect): unknown[] {
  const list: unknown[] = messages.map((message) => toMessage(message, dialect));
  const isSpokenTo = messages.some(({ role }) => role === 'user' || role === 'tool');
  if (dialect.needsUser && !isSpokenTo) list.push({ role: 'user', content: NOBODY_SPOKE });
  return list;
}

function toMessage(message: ChatMessage, dialect: Dialect): unknown {
  const content = textOf(message.content);
  switch (message.role) {
    case 'developer':
      return { role: dialect.developer ? 'developer' : 'system', content };
    case 'tool':
      return { role: 'tool', content, tool_call_id: message.tool_call_id };
    case 'assistant':
      if (!message.tool_calls?.length) return { role: 'assistant', content };
      return { role: 'assistant', content: content || null, tool_calls: message.tool_calls };
    default:
      return { role: message.role, content };
  }
}
