import type { ChatUsage } from '@eloquence/shared/contracts/chat';
import type {
  MessageDeltaUsage,
  RawContentBlockDelta,
  RawContentBlockStartEvent,
  RawMessageStreamEvent,
  StopReason,
  Usage,
} from '@anthropic-ai/sdk/resources/messages';
import { countedUsage } from './counted-usage.ts';
import type { ChatPart, FinishReason } from './provider.ts';
import { ToolCalls } from './tool-calls.ts';

/** Reads one answer of Anthropic's: blocks that begin, grow and end, and a stop reason. */
export class AnthropicAnswer {
  readonly #calls: ToolCalls;
  readonly #counts = { input: 0, written: 0, read: 0, output: 0 };
  #isFinished = false;

  /** @param peer name in messages */
  constructor(peer: string) {
    this.#calls = new ToolCalls(peer);
  }

  /** The finish has been given: what may still go wrong cannot spoil the answer. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** @throws AppError `upstream_failed` when it calls a tool that cannot be called */
  *read(event: RawMessageStreamEvent): Generator<ChatPart> {
    // Behind its end an answer has no more than its counts.
    if (this.#isFinished && event.type !== 'message_delta') return;
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
      case 'message_delta':
        this.#count(event.usage);
        if (!event.delta.stop_reason || this.#isFinished) break;
        yield* this.#finish(finishReason(event.delta.stop_reason));
        break;
      case 'content_block_stop':
      case 'message_stop':
        break;
    }
  }

  /** What remains to be said when the stream has ended. */
  *end(): Generator<ChatPart> {
    const usage = this.#usage();
    if (this.#isFinished && usage) yield { type: 'usage', usage };
  }

  *#finish(reason: FinishReason): Generator<ChatPart> {
    yield* this.#calls.end(reason === 'length' || reason === 'content_filter');
    this.#isFinished = true;
    yield { type: 'finish', reason };
  }

  *#begin({ index, content_block: block }: RawContentBlockStartEvent): Generator<ChatPart> {
    if (block.type === 'text' && block.text) yield { type: 'text', text: block.text };
    if (block.type === 'tool_use') yield* this.#calls.read({ index, id: block.id, name: block.name });
  }

  *#grow(index: number, delta: RawContentBlockDelta): Generator<ChatPart> {
    if (delta.type === 'text_delta' && delta.text) yield { type: 'text', text: delta.text };
    if (delta.type === 'input_json_delta') yield* this.#calls.grow(index, delta.partial_json);
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
  #usage(): ChatUsage | undefined {
    const { input, written, read, output } = this.#counts;
    return countedUsage({ prompt: input + written + read, completion: output, cached: read });
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
