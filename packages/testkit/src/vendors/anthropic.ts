import { anthropicFaults, anthropicRequestSchema, blocksOf, type AnthropicRequest } from './anthropic-shapes.ts';
import { answerTo, DEFAULT_CHAT_ANSWER, inBytes, type ChatAnswer, type ChatScript } from './chat-answer.ts';
import { FakeVendor, type Exchange } from './fake-vendor.ts';
import { tokensOf } from './prompt-cache.ts';

const STOP_REASONS = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
} as const;

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

interface Block {
  readonly text: string;
  readonly isMarked: boolean;
}

interface CacheCounts {
  readonly input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
}

/**
 * Anthropic's messages (streamed) and model list. Its prompt cache keeps what stands before each `cache_control` mark and
 * reads the longest kept beginning of a prompt that lies before a mark of it.
 */
export class FakeAnthropic extends FakeVendor {
  readonly apiKey = 'sk-ant-fake';
  chat: ChatScript = DEFAULT_CHAT_ANSWER;
  models: readonly string[] = ['claude-haiku-5-5', 'claude-haiku-4-5', 'claude-sonnet-5-5'];
  /** Models whose list says that they can be told not to think. */
  thinkers: readonly string[] = ['claude-haiku-5-5', 'claude-sonnet-5-5'];
  chatPieceBytes: number | undefined;
  /** Some gateways in front of Anthropic keep no list. */
  hasModelList = true;
  /** The error that comes inside the stream, after the first piece of text: `overloaded_error`. */
  errorInStream: string | undefined;
  readonly #kept = new Set<string>();

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers.authorization !== `Bearer ${this.apiKey}`)
      return this.fail(response, 401, 'invalid bearer token');
    if (!request.headers['anthropic-version']) return this.fail(response, 400, 'anthropic-version: header is required');
    if (request.path === '/v1/models' && this.hasModelList) return this.json(response, 200, this.#modelList());
    if (request.path === '/v1/messages') return this.#messages(exchange);
    return this.fail(response, 404, `Not found: ${request.path}`);
  }

  protected override errorBody(status: number, message: string, code?: string): unknown {
    const type = code ?? ERROR_TYPES[status] ?? 'api_error';
    return { type: 'error', error: { type, message }, request_id: 'req_fake' };
  }

  protected override contentType(): string {
    return 'text/event-stream';
  }

  #modelList(): unknown {
    const data = this.models.map((id) => ({
      id,
      type: 'model',
      display_name: id,
      created_at: '2026-10-01T00:00:00Z',
      capabilities: {
        thinking: { supported: true, types: { disabled: { supported: this.thinkers.includes(id) } } },
      },
    }));
    return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  }

  async #messages(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const parsed = anthropicRequestSchema.safeParse(request.body);
    const faults = parsed.success
      ? anthropicFaults(parsed.data)
      : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    if (!this.note('messages request', faults) || !parsed.success)
      return this.fail(response, 400, faults[0] ?? 'The body is not a messages request');
    const body = parsed.data;
    if (!this.models.includes(body.model)) return this.fail(response, 404, `model: ${body.model}`);
    const answer = answerTo(this.chat, {
      model: body.model,
      messages: body.messages,
      ...(body.tools && { tools: body.tools }),
    });
    const events = messageEvents(body.model, answer, this.#count(body));
    if (this.errorInStream) events.splice(5, Infinity, { ...(this.errorBody(500, 'x', this.errorInStream) as Event) });
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const texts = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    await this.stream(exchange, inBytes(texts, this.chatPieceBytes), answer.gapMs);
  }

  #count(body: AnthropicRequest): CacheCounts {
    const blocks = promptBlocks(body);
    const upTo = (end: number) => JSON.stringify(blocks.slice(0, end).map(({ text }) => text));
    const lastMark = blocks.findLastIndex(({ isMarked }) => isMarked) + 1;
    let read = lastMark;
    while (read > 0 && !this.#kept.has(upTo(read))) read -= 1;
    blocks.forEach(({ isMarked }, index) => isMarked && this.#kept.add(upTo(index + 1)));
    const tokens = (from: number, to?: number) => tokensOf(blocks.slice(from, to).map(({ text }) => text));
    return {
      input_tokens: tokens(lastMark),
      cache_read_input_tokens: tokens(0, read),
      cache_creation_input_tokens: tokens(read, lastMark),
    };
  }
}

/** The prompt in the order in which Anthropic reads it. */
function promptBlocks({ tools = [], system = [], messages }: AnthropicRequest): Block[] {
  const instructions = typeof system === 'string' ? [{ type: 'text', text: system }] : system;
  const said = messages.flatMap(({ role, content }) => blocksOf(content).map((block) => ({ role, ...block })));
  return [...tools, ...instructions, ...said].map(({ cache_control: mark, ...block }: Record<string, unknown>) => ({
    text: JSON.stringify(block),
    isMarked: mark != null,
  }));
}

interface Event {
  readonly type: string;
}

function messageEvents(model: string, answer: ChatAnswer, counts: CacheCounts): Event[] {
  const message = {
    id: 'msg_fake',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...counts, output_tokens: 1 },
  };
  const blocks: Event[][] = [];
  if (answer.words.length > 0)
    blocks.push(
      blockEvents(
        blocks.length,
        { type: 'text', text: '' },
        answer.words.map((text) => ({ type: 'text_delta', text })),
      ),
    );
  for (const { id, name, arguments: text } of answer.toolCalls ?? []) {
    const half = Math.ceil(text.length / 2);
    const deltas = ['', text.slice(0, half), text.slice(half)].map((json) => ({
      type: 'input_json_delta',
      partial_json: json,
    }));
    blocks.push(blockEvents(blocks.length, { type: 'tool_use', id, name, input: {} }, text ? deltas : []));
  }
  const delta = { stop_reason: STOP_REASONS[answer.finish], stop_sequence: null };
  const output = answer.words.length + (answer.toolCalls?.length ?? 0);
  return [
    { type: 'message_start', message } as Event,
    { type: 'ping' },
    ...blocks.flat(),
    { type: 'message_delta', delta, usage: { output_tokens: output } } as Event,
    { type: 'message_stop' },
  ];
}

function blockEvents(index: number, content: unknown, deltas: readonly unknown[]): Event[] {
  return [
    { type: 'content_block_start', index, content_block: content } as Event,
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta }) as Event),
    { type: 'content_block_stop', index } as Event,
  ];
}
