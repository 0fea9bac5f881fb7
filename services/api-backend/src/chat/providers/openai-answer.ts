import type { ChatUsage } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import { countedUsage } from './counted-usage.ts';
import type { ChatPart, FinishReason } from './provider.ts';
import { ToolCalls } from './tool-calls.ts';

type Usage = NonNullable<ChatCompletionChunk['usage']>;

/**
 * Reads one answer off OpenAI's wire as its many copies write it: usage with every chunk or in the last, no finish reason.
 */
export class OpenAiAnswer {
  readonly #peer: string;
  readonly #calls: ToolCalls;
  #usage: ChatUsage | undefined;
  #hasSpoken = false;
  #isRefused = false;
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
  *read(chunk: ChatCompletionChunk): Generator<ChatPart> {
    const usage = chunk.usage ?? (chunk as { x_groq?: { usage?: Usage } }).x_groq?.usage;
    if (usage) this.#usage = toUsage(usage) ?? this.#usage;
    const choice = chunk.choices?.[0];
    if (!choice || this.#isFinished) return;
    const { delta } = choice;
    const text = spoken(delta?.content);
    if (text) {
      this.#hasSpoken = true;
      yield { type: 'text', text };
    }
    if (delta?.refusal) this.#isRefused = true;
    for (const call of delta?.tool_calls ?? [])
      yield* this.#calls.read({ index: call.index, id: call.id, ...call.function });
    if (choice.finish_reason) yield* this.#finish(choice.finish_reason);
  }

  /**
   * What remains to be said when the stream has ended.
   *
   * @param isDone the server said that this is the end (`[DONE]`); some give no finish reason before it
   */
  *end(isDone: boolean): Generator<ChatPart> {
    const hasBegun = this.#hasSpoken || this.#calls.count > 0 || this.#isRefused;
    if (!this.#isFinished && isDone && hasBegun) yield* this.#finish('stop');
    if (this.#isFinished && this.#usage) yield { type: 'usage', usage: this.#usage };
  }

  *#finish(given: string): Generator<ChatPart> {
    const reason = this.#reason(given);
    yield* this.#calls.end(reason === 'length' || reason === 'content_filter');
    this.#isFinished = true;
    yield { type: 'finish', reason };
  }

  #reason(reason: string): FinishReason {
    if (reason === 'error') throw new AppError('upstream_failed', `${this.#peer} ended its answer with an error.`);
    if (reason === 'length' || reason === 'max_tokens') return 'length';
    if (reason === 'content_filter' || this.#isRefused) return 'content_filter';
    return this.#calls.count > 0 ? 'tool_calls' : 'stop';
  }
}

function toUsage(usage: Usage): ChatUsage | undefined {
  const { prompt_tokens: prompt, completion_tokens: completion, prompt_tokens_details: details } = usage;
  return countedUsage({ prompt, completion, cached: details?.cached_tokens });
}

/** The words of a piece: a text, or from some servers a list of parts. */
function spoken(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as readonly ({ readonly text?: unknown } | null)[])
    .map((part) => (typeof part?.text === 'string' ? part.text : ''))
    .join('');
}
