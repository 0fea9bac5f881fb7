import type { PromptCache } from './prompt-cache.ts';

/** What a fake model says next. */
export interface ChatAnswer {
  /** One piece of text each. */
  readonly words: readonly string[];
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  /** Pause between pieces, in milliseconds; default 1. */
  readonly gapMs?: number;
}

/** An answer, or what makes one from the request. */
export type ChatScript = ChatAnswer | ((body: ChatBody) => ChatAnswer);

export const answerTo = (script: ChatScript, body: ChatBody): ChatAnswer =>
  typeof script === 'function' ? script(body) : script;

export const DEFAULT_CHAT_ANSWER: ChatAnswer = {
  words: ['Bonjour', ', parlons', ' de votre', ' entretien', '.'],
  finish: 'stop',
};

export interface ChatBodyMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly prefix?: boolean;
}

/** Members of a chat body that the fakes read. */
export interface ChatBody {
  readonly model?: string;
  readonly messages?: readonly ChatBodyMessage[];
  readonly tools?: readonly unknown[] | null;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
  readonly prompt_cache_key?: string | null;
}

export interface CountedUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly cached_tokens: number;
}

/** What a request costs: tools and messages against what the cache has kept under its key, a token per piece of answer. */
export function countUsage(body: ChatBody, answer: ChatAnswer, cache: PromptCache): CountedUsage {
  const blocks = [...(body.tools ?? []), ...(body.messages ?? [])].map((block) => JSON.stringify(block));
  const { total, cached } = cache.read(body.prompt_cache_key ?? undefined, blocks);
  const completion = answer.words.length + (answer.toolCalls?.length ?? 0);
  return {
    prompt_tokens: total,
    completion_tokens: completion,
    total_tokens: total + completion,
    cached_tokens: cached,
  };
}

export interface ChatDelta {
  readonly role?: 'assistant';
  readonly content?: string | null;
  readonly tool_calls?: readonly ToolDelta[];
}

export interface ToolDelta {
  readonly index: number;
  readonly id?: string;
  readonly type?: 'function';
  readonly function: { readonly name?: string; readonly arguments: string };
}

/** One chunk per word, per half of a tool call's arguments (`split`) or per whole call, and the finish. */
export function chatDeltas(answer: ChatAnswer, split: boolean): { delta: ChatDelta; finish_reason: string | null }[] {
  const open: ChatDelta[] = [{ role: 'assistant', content: '' }];
  const words: ChatDelta[] = answer.words.map((content) => ({ content }));
  const calls: ChatDelta[] = (answer.toolCalls ?? []).flatMap(({ id, name, arguments: text }, index) => {
    if (!split)
      return [{ content: '', tool_calls: [{ index, id, type: 'function', function: { name, arguments: text } }] }];
    const half = Math.ceil(text.length / 2);
    return [
      { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
      { tool_calls: [{ index, function: { arguments: text.slice(0, half) } }] },
      { tool_calls: [{ index, function: { arguments: text.slice(half) } }] },
    ];
  });
  const parts = [...open, ...words, ...calls].map((delta) => ({ delta, finish_reason: null as string | null }));
  return [...parts, { delta: { content: split ? null : '' }, finish_reason: answer.finish }].map((part) =>
    split && part.delta.content === null ? { ...part, delta: {} } : part,
  );
}

export const sse = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
export const SSE_DONE = 'data: [DONE]\n\n';

/** Cuts a stream's events at every `size` bytes, as a network may: inside an event, inside a letter. */
export function inBytes(events: readonly string[], size: number | undefined): (string | Uint8Array)[] {
  if (size === undefined) return [...events];
  const bytes = Buffer.from(events.join(''));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}
