import type { ChatChunk, ChatCompletion, ChatUsage } from '@eloquence/shared/contracts/chat';
import { AppError, toProblem } from '@eloquence/shared/runtime/errors';
import { randomText } from '@eloquence/shared/runtime/ids';
import type { ChatPart, FinishReason } from './providers/provider.ts';

/** For providers that count nothing. */
const NO_USAGE: ChatUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

function newHead(model: string): Head {
  return { id: `chatcmpl-${randomText(24)}`, created: Math.floor(Date.now() / 1000), model };
}

/** Puts an answer into OpenAI's one-piece body. */
export function toCompletion(parts: readonly ChatPart[], model: string): ChatCompletion {
  let text = '';
  let reason: FinishReason = 'stop';
  let usage = NO_USAGE;
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const part of parts) {
    if (part.type === 'text') text += part.text;
    else if (part.type === 'finish') reason = part.reason;
    else if (part.type === 'usage') usage = part.usage;
    else {
      const call = (calls[part.index] ??= { id: part.id ?? `call_${randomText(16)}`, name: '', arguments: '' });
      call.name ||= part.name ?? '';
      call.arguments += part.arguments ?? '';
    }
  }
  // A provider may leave a hole in its numbering.
  const toolCalls = calls
    .filter((call) => call !== undefined)
    .map((call) => ({
      id: call.id,
      type: 'function' as const,
      function: { name: call.name, arguments: call.arguments },
    }));
  const message = {
    role: 'assistant' as const,
    content: text || (toolCalls.length > 0 ? null : ''),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return {
    ...newHead(model),
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: reason }],
    usage,
  };
}

export interface ChunkOptions {
  readonly model: string;
  readonly includeUsage: boolean;
}

/**
 * An answer as server-sent events, ended by `[DONE]`. A provider that breaks off makes a last event `{"error": …}` without
 * `[DONE]`, because the status has long been sent.
 */
export async function* toEvents(parts: AsyncIterable<ChatPart>, options: ChunkOptions): AsyncGenerator<string> {
  const head = { ...newHead(options.model), object: 'chat.completion.chunk' as const };
  const chunk = (choice: Partial<ChatChunk['choices'][number]>): string => {
    const body: ChatChunk = { ...head, choices: [{ index: 0, delta: {}, finish_reason: null, ...choice }] };
    return event(options.includeUsage ? { ...body, usage: null } : body);
  };
  // Almost every chunk is the same but for its text, so only that is written anew.
  const [before, after] = halves(chunk({ delta: { content: TEXT_MARK } }));
  let usage = NO_USAGE;
  const known = new Set<number>();
  try {
    yield chunk({ delta: { role: 'assistant', content: '' } });
    for await (const part of parts) {
      if (part.type === 'text') yield before + JSON.stringify(part.text) + after;
      else if (part.type === 'finish') yield chunk({ finish_reason: part.reason });
      else if (part.type === 'usage') usage = part.usage;
      else yield chunk({ delta: { tool_calls: [toolCallDelta(part, known)] } });
    }
    if (options.includeUsage) yield event({ ...head, choices: [], usage } satisfies ChatChunk);
    yield 'data: [DONE]\n\n';
  } catch (error) {
    yield event({ error: toProblem(AppError.from(error)).error });
  }
}

/** Stands where a chunk's text stands; no model name holds it. */
const TEXT_MARK = '\u0000text\u0000';

function halves(chunk: string): readonly [before: string, after: string] {
  const mark = JSON.stringify(TEXT_MARK);
  const at = chunk.lastIndexOf(mark);
  return [chunk.slice(0, at), chunk.slice(at + mark.length)];
}

type ToolCallDelta = NonNullable<ChatChunk['choices'][number]['delta']['tool_calls']>[number];

/** The first piece of a call carries its id, type and name; the others more of the arguments. */
function toolCallDelta(part: ChatPart & { type: 'tool_call' }, known: Set<number>): ToolCallDelta {
  const { index, id, name } = part;
  const text = part.arguments ?? '';
  if (known.has(index)) return { index, function: { arguments: text } };
  known.add(index);
  return {
    index,
    id: id ?? `call_${randomText(16)}`,
    type: 'function',
    function: { ...(name && { name }), arguments: text },
  };
}

const event = (body: unknown): string => `data: ${JSON.stringify(body)}\n\n`;
