import { loadSpec } from '../spec-validator.ts';
import {
  answerTo,
  chatDeltas,
  countUsage,
  DEFAULT_CHAT_ANSWER,
  inBytes,
  sse,
  SSE_DONE,
  type ChatBody,
  type ChatScript,
} from './chat-answer.ts';
import { FakeVendor, type Exchange, type RecordedRequest } from './fake-vendor.ts';
import { PromptCache } from './prompt-cache.ts';
import { readTranscriptionForm, type TranscriptionForm } from './transcription-form.ts';
import { scriptedEar, type Ear } from './word-ear.ts';

const CREATED = 1_700_000_000;

/**
 * Mistral's chat completions (streamed), transcriptions and model list, with the rules of its chat template and its
 * transcriptions that the document leaves out.
 */
export class FakeMistral extends FakeVendor {
  readonly apiKey = 'fake-mistral-key';
  chat: ChatScript = DEFAULT_CHAT_ANSWER;
  /** Cuts streamed chats at every so many bytes; undefined: at events. */
  chatPieceBytes: number | undefined;
  /** What stands before `/v1`, as at a host of Mistral's models. */
  basePath = '';
  /** Such a host may keep no list of models. */
  hasModelList = true;
  readonly cache = new PromptCache({ needsKey: true });
  models: readonly string[] = ['mistral-small-latest', 'voxtral-mini-latest'];
  /** What is heard in a recording. */
  ear: Ear = scriptedEar(['bonjour madame']);
  spokenLanguage = 'fr';
  /** Recordings transcribed, newest last. */
  readonly transcriptions: TranscriptionForm[] = [];

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers.authorization !== `Bearer ${this.apiKey}`) return this.fail(response, 401, 'Unauthorized');
    if (request.path === `${this.basePath}/v1/models` && this.hasModelList)
      return this.json(response, 200, this.#modelList());
    if (request.path === `${this.basePath}/v1/chat/completions`) return this.#chat(exchange);
    if (request.path === `${this.basePath}/v1/audio/transcriptions`) return this.#transcribe(exchange);
    return this.fail(response, 404, 'no Route matched with those values');
  }

  protected override errorBody(status: number, message: string, code?: string): unknown {
    const type = status === 404 ? 'invalid_model' : 'error';
    return { object: 'error', message, type, param: null, code: code ?? String(status) };
  }

  protected override contentType(request: RecordedRequest): string {
    return request.path === '/v1/audio/transcriptions' ? 'application/json' : 'text/event-stream';
  }

  #modelList(): unknown {
    const capabilities = { completion_chat: true, function_calling: true };
    const list = {
      object: 'list',
      data: this.models.map((id) => ({
        id,
        object: 'model',
        created: CREATED,
        owned_by: 'mistralai',
        type: 'base',
        capabilities,
      })),
    };
    this.note('model list', loadSpec('mistral.openapi.yaml')?.schemaFaults('ModelList', list));
    return list;
  }

  async #chat(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const spec = loadSpec('mistral.openapi.yaml');
    if (!this.note('chat request', spec?.schemaFaults('ChatCompletionRequest', request.body)))
      return this.fail(response, 422, 'The body is not a chat completion request');
    const body = request.body as ChatBody;
    const last = body.messages?.at(-1);
    const prefix = last?.role === 'assistant' && last.prefix ? String(last.content) : '';
    if (last?.role !== 'user' && last?.role !== 'tool' && !prefix)
      return this.fail(response, 400, `Expected last role User or Tool for serving but got ${last?.role}`);
    if (!this.models.includes(body.model ?? '')) return this.fail(response, 404, `Invalid model: ${body.model}`);
    const answer = answerTo(this.chat, body);
    const { cached_tokens: cached, ...counts } = countUsage(body, answer, this.cache);
    const usage = { ...counts, num_cached_tokens: cached, prompt_tokens_details: { cached_tokens: cached } };
    // The prefix is part of the answer.
    const parts = chatDeltas({ ...answer, words: prefix ? [prefix, ...answer.words] : answer.words }, false);
    const chunks = parts.map((part, index) => ({
      id: 'fake-completion',
      object: 'chat.completion.chunk',
      created: CREATED,
      model: body.model,
      choices: [{ index: 0, ...part }],
      ...(index === parts.length - 1 && { usage }),
    }));
    for (const chunk of chunks) this.note('chat chunk', spec?.schemaFaults('CompletionChunk', chunk));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const events = [...chunks.map((chunk) => sse(chunk)), SSE_DONE];
    await this.stream(exchange, inBytes(events, this.chatPieceBytes), answer.gapMs);
  }

  async #transcribe(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const spec = loadSpec('mistral.openapi.yaml');
    const form = await readTranscriptionForm(request);
    this.transcriptions.push(form);
    const { members, pcm, durationS } = form;
    if (!this.note('transcription request', spec?.schemaFaults('AudioTranscriptionRequest', members)) || !pcm)
      return this.fail(response, 422, 'The form is not a transcription request');
    const timed = members['timestamp_granularities'] !== undefined;
    if (timed && members['language'] !== undefined)
      return this.fail(response, 400, 'timestamp_granularities is not compatible with language');
    const words = this.ear(pcm);
    const answer = {
      model: members['model'],
      text: words.map(({ word }) => word).join(' '),
      language: timed ? this.spokenLanguage : null,
      segments: timed
        ? words.map(({ word, startS, endS }) => ({ text: ` ${word}`, start: startS, end: endS, score: 0.9 }))
        : [],
      usage: { prompt_audio_seconds: Math.ceil(durationS), prompt_tokens: 4, total_tokens: 24, completion_tokens: 20 },
    };
    this.note('transcription answer', spec?.schemaFaults('TranscriptionResponse', answer));
    response.writeHead(200, { 'content-type': 'application/json' });
    const text = JSON.stringify(answer);
    await this.stream(exchange, [text.slice(0, text.length / 2), text.slice(text.length / 2)]);
  }
}
