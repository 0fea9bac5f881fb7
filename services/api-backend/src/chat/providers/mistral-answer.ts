import type { ChatUsage } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { CompletionChunk, ToolCall, UsageInfo } from '@mistralai/mistralai/models/components';
import { countedUsage } from './counted-usage.ts';
import type { ChatPart, FinishReason } from './provider.ts';
import { ToolCalls } from './tool-calls.ts';

/** Reads one answer of Mistral's. */
export class MistralAnswer {
  readonly #peer: string;
  readonly #calls: ToolCalls;
  #usage: ChatUsage | undefined;
  #isFinished = false;

  /** @param peer name in messages */
  constructor(peer: string) {
    this.#peer = peer;
    this.#calls = new ToolCalls(peer);
  }

  /** The finish has been given: what may still go wrong cannot spoil the answer. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** @throws AppError `upstream_failed` when the model itself says that it failed, or calls a tool that cannot be called */
  *read(chunk: CompletionChunk): Generator<ChatPart> {
    if (chunk.usage) this.#usage = toUsage(chunk.usage) ?? this.#usage;
    const [choice] = chunk.choices;
    if (!choice || this.#isFinished) return;
    const { content, toolCalls } = choice.delta;
    const text =
      typeof content === 'string'
        ? content
        : (content ?? []).map((part) => (part.type === 'text' && 'text' in part ? part.text : '')).join('');
    if (text) yield { type: 'text', text };
    for (const call of toolCalls ?? []) yield* this.#call(call);
    if (!choice.finishReason) return;
    const reason = this.#reason(choice.finishReason);
    yield* this.#calls.end(reason === 'length');
    this.#isFinished = true;
    yield { type: 'finish', reason };
  }

  /** What remains to be said when the stream has ended. */
  *end(): Generator<ChatPart> {
    if (this.#isFinished && this.#usage) yield { type: 'usage', usage: this.#usage };
  }

  #call({ index, id, function: { name, arguments: given } }: ToolCall): Generator<ChatPart> {
    // The library writes "null" where the wire has none.
    return this.#calls.read({ index, id: id === 'null' ? undefined : id, name, arguments: given });
  }

  #reason(reason: string): FinishReason {
    switch (reason) {
      case 'length':
      case 'model_length':
        return 'length';
      case 'tool_calls':
        return 'tool_calls';
      case 'error':
        throw new AppError('upstream_failed', `${this.#peer} ended its answer with an error.`);
      default:
        return this.#calls.count > 0 ? 'tool_calls' : 'stop';
    }
  }
}

function toUsage(usage: UsageInfo): ChatUsage | undefined {
  // The document has it twice; the library knows neither and hands both on as they are.
  const details = usage['prompt_tokens_details'] as { cached_tokens?: unknown } | null | undefined;
  const cached = details?.cached_tokens ?? usage['num_cached_tokens'];
  return countedUsage({ prompt: usage.promptTokens, completion: usage.completionTokens, cached });
}
