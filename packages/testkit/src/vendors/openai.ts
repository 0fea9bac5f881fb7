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
import { readTranscriptionForm, type TranscriptionForm } from './transcription-form.ts';
import { scriptedEar, type Ear, type HeardWord } from './word-ear.ts';

const CREATED = 1_700_000_000;

/** What transcription models answer with, beside `json`: only the oldest knows times. */
const VERBOSE_MODELS = new Set(['whisper-1', 'whisper-large-v3-turbo']);

/** OpenAI at `{url}/v1`: chat completions (streamed), speech (pcm), transcriptions, models. */
export class FakeOpenAi extends FakeVendor {
  readonly apiKey: string = 'sk-fake-openai';
  chat: ChatAnswer = DEFAULT_CHAT_ANSWER;
  /** s16le mono 24 kHz of every speech answer. */
  speech: Buffer = tone({ seconds: 0.5 });
  models: readonly string[] = ['gpt-4o-mini', 'gpt-4o-mini-tts'];
  /** What is heard in a recording. */
  ear: Ear = scriptedEar(['bonjour madame']);
  /** As `verbose_json` names it. */
  spokenLanguage: string | undefined = 'french';
  /** Recordings transcribed, newest last. */
  readonly transcriptions: TranscriptionForm[] = [];
  /** Shapes of servers that only look like OpenAI's: members of `verbose_json` they leave out, formats they refuse. */
  readonly omits = new Set<'words' | 'segments' | 'language' | 'duration'>();
  readonly refusedFormats = new Set<unknown>();
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
    if (request.path === '/v1/audio/transcriptions') return this.#transcribe(exchange);
    return this.fail(response, 404, `Unknown path ${request.path}`);
  }

  protected override errorBody(status: number, message: string): unknown {
    const type = status >= 500 ? 'server_error' : 'invalid_request_error';
    return { error: { message, type, param: null, code: status === 404 ? 'model_not_found' : null } };
  }

  protected override contentType(request: RecordedRequest): string {
    if (request.path === '/v1/audio/transcriptions') return 'application/json';
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

  async #transcribe(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const spec = loadSpec('openai.openapi.yaml');
    const form = await readTranscriptionForm(request);
    this.transcriptions.push(form);
    const { members, pcm, durationS } = form;
    if (!this.note('transcription request', spec?.schemaFaults('CreateTranscriptionRequest', members)) || !pcm)
      return this.fail(response, 400, 'The form is not a transcription request');
    const format = members['response_format'] ?? 'json';
    const refused = format === 'verbose_json' && !VERBOSE_MODELS.has(members['model'] as string);
    if (refused || this.refusedFormats.has(format))
      return this.fail(response, 400, `response_format is not compatible with this model`);
    if (durationS < 0.1)
      return this.fail(response, 400, 'Audio file is too short. Minimum audio length is 0.1 seconds.');
    const words = this.ear(pcm);
    const text = words.map(({ word }) => word).join(' ');
    const logprobs = words.map(({ word }) => ({ token: word, logprob: -0.1, bytes: [...Buffer.from(word)] }));
    const certain = Array.isArray(members['include']) && { logprobs };
    const answer = format === 'verbose_json' ? this.#verbose(words, text, durationS) : { text, ...certain };
    const schema =
      format === 'verbose_json' ? 'CreateTranscriptionResponseVerboseJson' : 'CreateTranscriptionResponseJson';
    if (this.omits.size === 0) this.note('transcription answer', spec?.schemaFaults(schema, answer));
    response.writeHead(200, { 'content-type': 'application/json' });
    await this.stream(exchange, pieces(Buffer.from(JSON.stringify(answer)), 60));
  }

  #verbose(words: readonly HeardWord[], text: string, duration: number): Record<string, unknown> {
    const segment = {
      id: 0,
      seek: 0,
      start: words[0]?.startS ?? 0,
      end: words.at(-1)?.endS ?? duration,
      text: ` ${text}`,
      tokens: [50_364],
      temperature: 0,
      avg_logprob: -0.2,
      compression_ratio: 1.1,
      no_speech_prob: 0.01,
    };
    const answer: Record<string, unknown> = {
      task: 'transcribe',
      language: this.spokenLanguage ?? 'english',
      duration,
      text,
      segments: words.length > 0 ? [segment] : [],
      words: words.map(({ word, startS, endS }) => ({ word, start: startS, end: endS })),
      usage: { type: 'duration', seconds: Math.ceil(duration) },
    };
    for (const name of this.omits) delete answer[name];
    return answer;
  }
}

/** Cuts bytes into pieces of at most `size`. */
export function pieces(bytes: Buffer, size: number): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) list.push(bytes.subarray(at, at + size));
  return list;
}
