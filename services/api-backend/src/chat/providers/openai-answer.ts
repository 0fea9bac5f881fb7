import type { ChatUsage } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { ChatPart, FinishReason } from './provider.ts';
import { ToolCalls } from './tool-calls.ts';

type Usage = NonNullable<ChatCompletionChunk['usage']>;

/**
 * Reads one answer off OpenAI's wire as its many copies write it: usage with every chunk or in the last, no finish reason.
 */
export class OpenAiAnswer {
  readonly #peer: string;
  readonly #calls = new ToolCalls();
  #usage: ChatUsage | undefined;
  #hasSpoken = false;
  #isRefused = false;
  #isFinished = false;

  /** @param peer name in messages */
  constructor(peer: string) {
    this.#peer = peer;
  }

  /** The finish has been given: what may still go wrong cannot spoil the answer. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** @throws AppError `upstream_failed` when the model itself says that it failed */
  *read(chunk: ChatCompletionChunk): Generator<ChatPart> {
    const usage = chunk.usage ?? (chunk as { x_groq?: { usage?: Usage } }).x_groq?.usage;
    if (usage) this.#usage = toUsage(usage);
    const choice = chunk.choices?.[0];
    if (!choice || this.#isFinished) return;
    const { delta } = choice;
    if (delta?.content) {
      this.#hasSpoken = true;
      yield { type: 'text', text: delta.content };
    }
    if (delta?.refusal) this.#isRefused = true;
    for (const call of delta?.tool_calls ?? [])
      yield this.#calls.part({ index: call.index, id: call.id, ...call.function });
    if (choice.finish_reason) yield this.#finish(choice.finish_reason);
  }

  /**
   * What remains to be said when the stream has ended.
   *
   * @param isDone the server said that this is the end (`[DONE]`); some give no finish reason before it
   */
  *end(isDone: boolean): Generator<ChatPart> {
    const hasBegun = this.#hasSpoken || this.#calls.count > 0 || this.#isRefused;
    if (!this.#isFinished && isDone && hasBegun) yield this.#finish('stop');
    if (this.#isFinished && this.#usage) yield { type: 'usage', usage: this.#usage };
  }

  #finish(reason: string): ChatPart {
    this.#isFinished = true;
    return { type: 'finish', reason: this.#reason(reason) };
  }

  #reason(reason: string): FinishReason {
    if (reason === 'error') throw new AppError('upstream_failed', `${this.#peer} ended its answer with an error.`);
    if (reason === 'length' || reason === 'max_tokens') return 'length';
    if (reason === 'content_filter' || this.#isRefused) return 'content_filter';
    return this.#calls.count > 0 ? 'tool_calls' : 'stop';
  }
}

function toUsage({ prompt_tokens, completion_tokens, prompt_tokens_details: details }: Usage): ChatUsage {
  const cached = details?.cached_tokens;
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    ...(typeof cached === 'number' && { prompt_tokens_details: { cached_tokens: cached } }),
  };
}
