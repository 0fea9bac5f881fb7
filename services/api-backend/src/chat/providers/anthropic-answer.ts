import type { ChatUsage } from '@eloquence/shared/contracts/chat';
import type {
  MessageDeltaUsage,
  RawContentBlockDelta,
  RawContentBlockStartEvent,
  RawMessageStreamEvent,
  StopReason,
  Usage,
} from '@anthropic-ai/sdk/resources/messages';
import type { ChatPart, FinishReason } from './provider.ts';

/** Reads one answer of Anthropic's: blocks that begin, grow and end, and a stop reason. */
export class AnthropicAnswer {
  /** Our index of a call, by its block's. */
  readonly #calls = new Map<number, number>();
  /** Blocks of calls whose arguments have not begun. */
  readonly #bare = new Set<number>();
  readonly #counts = { input: 0, written: 0, read: 0, output: 0 };
  #isFinished = false;

  /** The finish has been given: what may still go wrong cannot spoil the answer. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  *read(event: RawMessageStreamEvent): Generator<ChatPart> {
    switch (event.type) {
      case 'message_start':
        this.#count(event.message.usage);
        break;
      case 'content_block_start':
        yield* this.#begin(event);
        break;
      case 'content_block_delta':
        yield* this.#grow(event.index, event.delta);
        break;
      case 'content_block_stop':
        yield* this.#close(event.index);
        break;
      case 'message_delta':
        this.#count(event.usage);
        if (!event.delta.stop_reason || this.#isFinished) break;
        this.#isFinished = true;
        yield { type: 'finish', reason: finishReason(event.delta.stop_reason) };
        break;
      case 'message_stop':
        break;
    }
  }

  /** What remains to be said when the stream has ended. */
  *end(): Generator<ChatPart> {
    if (this.#isFinished) yield { type: 'usage', usage: this.#usage() };
  }

  *#begin({ index, content_block: block }: RawContentBlockStartEvent): Generator<ChatPart> {
    if (block.type === 'text' && block.text) yield { type: 'text', text: block.text };
    if (block.type !== 'tool_use') return;
    const call = this.#calls.size;
    this.#calls.set(index, call);
    this.#bare.add(index);
    yield { type: 'tool_call', index: call, id: block.id, name: block.name };
  }

  *#grow(index: number, delta: RawContentBlockDelta): Generator<ChatPart> {
    if (delta.type === 'text_delta' && delta.text) yield { type: 'text', text: delta.text };
    const call = this.#calls.get(index);
    if (delta.type !== 'input_json_delta' || !delta.partial_json || call === undefined) return;
    this.#bare.delete(index);
    yield { type: 'tool_call', index: call, arguments: delta.partial_json };
  }

  /** A call without arguments has no JSON at all; who reads it expects some. */
  *#close(index: number): Generator<ChatPart> {
    const call = this.#calls.get(index);
    if (call !== undefined && this.#bare.delete(index)) yield { type: 'tool_call', index: call, arguments: '{}' };
  }

  /** Counts are of the whole answer so far, and null where they have not changed. */
  #count(usage: Usage | MessageDeltaUsage | undefined): void {
    const counts = this.#counts;
    counts.input = usage?.input_tokens ?? counts.input;
    counts.written = usage?.cache_creation_input_tokens ?? counts.written;
    counts.read = usage?.cache_read_input_tokens ?? counts.read;
    counts.output = usage?.output_tokens ?? counts.output;
  }

  /** Anthropic's `input_tokens` are only those that were neither read from its cache nor written to it. */
  #usage(): ChatUsage {
    const { input, written, read, output } = this.#counts;
    const prompt = input + written + read;
    return {
      prompt_tokens: prompt,
      completion_tokens: output,
      total_tokens: prompt + output,
      prompt_tokens_details: { cached_tokens: read },
    };
  }
}

function finishReason(reason: StopReason): FinishReason {
  switch (reason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool_calls';
    case 'refusal':
      return 'content_filter';
    case 'end_turn':
    case 'stop_sequence':
    // Only for tools that Anthropic runs itself, of which we give none.
    case 'pause_turn':
    default:
      return 'stop';
  }
}
