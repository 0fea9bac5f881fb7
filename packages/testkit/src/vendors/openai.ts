import { loadSpec } from '../spec-validator.ts';
import {
  CHAT_USAGE,
  chatDeltas,
  DEFAULT_CHAT_ANSWER,
  sse,
  SSE_DONE,
  type ChatAnswer,
  type ChatBody,
} from './chat-answer.ts';
import { FakeVendor, type Exchange, type RecordedRequest } from './fake-vendor.ts';
import { tone } from './tone.ts';

const CREATED = 1_700_000_000;

/** OpenAI at `{url}/v1`: chat completions (streamed), speech (pcm), models. */
export class FakeOpenAi extends FakeVendor {
  readonly apiKey: string = 'sk-fake-openai';
  chat: ChatAnswer = DEFAULT_CHAT_ANSWER;
  /** s16le mono 24 kHz of every speech answer. */
  speech: Buffer = tone({ seconds: 0.5 });
  models: readonly string[] = ['gpt-4o-mini', 'gpt-4o-mini-tts'];
  /** Sizes of the pieces speech is sent in: odd on purpose, because sockets cut where they like. */
  speechPieceBytes = 4_801;
  protected readonly needsKey: boolean = true;

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (this.needsKey && request.headers.authorization !== `Bearer ${this.apiKey}`)
      return this.fail(response, 401, 'Incorrect API key provided');
    if (request.path === '/v1/models') return this.json(response, 200, this.#modelList());
    if (request.path === '/v1/chat/completions') return this.#chat(exchange);
    if (request.path === '/v1/audio/speech') return this.#speech(exchange);
    return this.fail(response, 404, `Unknown path ${request.path}`);
  }

  protected override errorBody(status: number, message: string): unknown {
    const type = status >= 500 ? 'server_error' : 'invalid_request_error';
    return { error: { message, type, param: null, code: status === 404 ? 'model_not_found' : null } };
  }

  protected override contentType(request: RecordedRequest): string {
    return request.path === '/v1/audio/speech' ? 'audio/pcm' : 'text/event-stream';
  }

  #modelList(): unknown {
    return {
      object: 'list',
      data: this.models.map((id) => ({ id, object: 'model', created: CREATED, owned_by: 'fake' })),
    };
  }

  async #chat(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const spec = loadSpec('openai.openapi.yaml');
    if (!this.note('chat request', spec?.schemaFaults('CreateChatCompletionRequest', request.body)))
      return this.fail(response, 400, 'The body is not a chat completion request');
    const body = request.body as ChatBody;
    if (!this.models.includes(body.model ?? '')) return this.fail(response, 404, 'The model does not exist');
    const common = { id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: CREATED, model: body.model };
    const wantsUsage = body.stream_options?.include_usage === true;
    const chunks: Record<string, unknown>[] = chatDeltas(this.chat, true).map((part) => ({
      ...common,
      choices: [{ index: 0, logprobs: null, ...part }],
      ...(wantsUsage && { usage: null }),
    }));
    if (wantsUsage) chunks.push({ ...common, choices: [], usage: CHAT_USAGE });
    for (const chunk of chunks)
      this.note('chat chunk', spec?.schemaFaults('CreateChatCompletionStreamResponse', chunk));
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    await this.stream(exchange, [...chunks.map((chunk) => sse(chunk)), SSE_DONE]);
  }

  async #speech(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const spec = loadSpec('openai.openapi.yaml');
    if (!this.note('speech request', spec?.schemaFaults('CreateSpeechRequest', request.body)))
      return this.fail(response, 400, 'The body is not a speech request');
    response.writeHead(200, { 'content-type': 'audio/pcm' });
    await this.stream(exchange, pieces(this.speech, this.speechPieceBytes), 5);
  }
}

/** Cuts bytes into pieces of at most `size`. */
export function pieces(bytes: Buffer, size: number): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) list.push(bytes.subarray(at, at + size));
  return list;
}
