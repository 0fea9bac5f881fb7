import { setTimeout as sleep } from 'node:timers/promises';
import { chatCompletionSchema, chatRequestSchema } from '@eloquence/shared/contracts/chat';
import { chatDeltas, sse, SSE_DONE, type ChatBody } from '../vendors/chat-answer.ts';
import { FakeVendor, type Exchange } from '../vendors/fake-vendor.ts';
import type { MeetingModel } from './meeting-model.ts';

const CREATED = 1_700_000_000;
const MODEL = 'mistral/mistral-small-latest';

/**
 * Stands for api-backend's `/v1/chat/completions` in tests of meeting-worker alone. `mode` of {@link FakeVendor}: 429 and 500 as
 * problem bodies, silence, broken streams; dispose it and the connection is refused.
 */
export class ModelServer extends FakeVendor {
  readonly model: MeetingModel;
  readonly #key: string;

  /** @param key what the worker must send as its bearer */
  constructor(model: MeetingModel, key: string) {
    super();
    this.model = model;
    this.#key = key;
  }

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers.authorization !== `Bearer ${this.#key}`) return this.fail(response, 401, 'Wrong key.');
    if (request.path !== '/v1/chat/completions') return this.fail(response, 404, `Unknown path ${request.path}`);
    const parsed = chatRequestSchema.safeParse(request.body);
    if (!parsed.success) {
      this.note('chat request', [parsed.error.message]);
      return this.fail(response, 400, 'The body is not a chat completion request');
    }
    const answer = this.model.chat(request.body as ChatBody);
    response.setHeader('x-eloquence-engine', MODEL);
    const head = { id: 'chatcmpl-fake', created: CREATED, model: MODEL };
    if (parsed.data.stream) {
      const chunks = chatDeltas(answer, false).map((part) => ({
        ...head,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, ...part }],
      }));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return this.stream(exchange, [...chunks.map((chunk) => sse(chunk)), SSE_DONE], answer.gapMs);
    }
    await sleep(answer.words.length * (answer.gapMs ?? 0), undefined, { signal: exchange.signal }).catch(
      () => undefined,
    );
    if (exchange.signal.aborted) return undefined;
    const message = { role: 'assistant', content: answer.words.join('') };
    const usage = { prompt_tokens: 1, completion_tokens: answer.words.length, total_tokens: 1 + answer.words.length };
    const choices = [{ index: 0, message, finish_reason: answer.finish }];
    return this.json(response, 200, chatCompletionSchema.parse({ ...head, object: 'chat.completion', choices, usage }));
  }

  protected override errorBody(status: number, message: string): unknown {
    const code = status === 429 ? 'rate_limited' : status === 401 ? 'unauthorized' : 'upstream_failed';
    const fault = status >= 500 ? 'upstream' : 'caller';
    return {
      type: `https://eloquence.dev/problems/${code}`,
      title: message,
      status,
      detail: message,
      code,
      fault,
      retryable: status === 429 || status >= 500,
    };
  }

  protected override contentType(): string {
    return 'application/json';
  }
}
