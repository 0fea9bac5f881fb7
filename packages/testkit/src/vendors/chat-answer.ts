/** What a fake model says next. */
export interface ChatAnswer {
  readonly words: readonly string[];
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finish: 'stop' | 'length' | 'tool_calls';
}

export const DEFAULT_CHAT_ANSWER: ChatAnswer = {
  words: ['Bonjour', ', parlons', ' de votre', ' entretien', '.'],
  finish: 'stop',
};

export const CHAT_USAGE = { prompt_tokens: 21, completion_tokens: 5, total_tokens: 26 } as const;

/** Members of a chat body that the fakes read. */
export interface ChatBody {
  readonly model?: string;
  readonly messages?: readonly { readonly role: string; readonly content?: unknown }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
}

interface Delta {
  readonly role?: 'assistant';
  readonly content?: string | null;
  readonly tool_calls?: readonly unknown[];
}

/** One chunk per word, per half of a tool call's arguments (`split`) or per whole call, and the finish. */
export function chatDeltas(answer: ChatAnswer, split: boolean): { delta: Delta; finish_reason: string | null }[] {
  const open: Delta[] = [{ role: 'assistant', content: '' }];
  const words: Delta[] = answer.words.map((content) => ({ content }));
  const calls: Delta[] = (answer.toolCalls ?? []).flatMap(({ id, name, arguments: text }, index) => {
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
