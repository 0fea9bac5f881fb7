import { loadSpec } from '../spec-validator.ts';
import { DEFAULT_CHAT_ANSWER, type ChatBody, type ChatScript } from './chat-answer.ts';
import { FakeVendor, type Exchange, type RecordedRequest } from './fake-vendor.ts';
import {
  chatPieces,
  chatRefusal,
  chatRequestFaults,
  openAiError,
  type ChatQuirk,
  type ChatServer,
} from './openai-chat.ts';
import { PromptCache } from './prompt-cache.ts';
import { tone } from './tone.ts';
import { readTranscriptionForm, type TranscriptionForm } from './transcription-form.ts';
import { scriptedEar, type Ear, type HeardWord } from './word-ear.ts';

const CREATED = 1_700_000_000;

/** What transcription models answer with, beside `json`: only the oldest knows times. */
const VERBOSE_MODELS = new Set(['whisper-1', 'whisper-large-v3-turbo']);

/** Voices that the first speech models do not have. */
const NEW_VOICES = new Set<unknown>(['ballad', 'cedar', 'marin', 'verse']);

/** OpenAI at `{url}/v1`: chat completions (streamed), speech (pcm, or pcm in events), transcriptions, models. */
export class FakeOpenAi extends FakeVendor implements ChatServer {
  readonly apiKey: string = 'sk-fake-openai';
  chat: ChatScript = DEFAULT_CHAT_ANSWER;
  readonly quirks = new Set<ChatQuirk>();
  /** Members of a chat body that are refused by name. */
  readonly refuses = new Set<string>();
  readonly strictTemplate: boolean = false;
  /** Cuts streamed chats at every so many bytes; undefined: at events. */
  chatPieceBytes: number | undefined;
  readonly cache = new PromptCache({ needsKey: false });
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
  /** Where the wire begins. */
  protected readonly basePath: string = '/v1';
  /** Some servers have no `/models`. */
  hasModelList = true;

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (this.needsKey && request.headers.authorization !== `Bearer ${this.apiKey}`)
      return this.fail(response, 401, 'Incorrect API key provided');
    if (request.path === `${this.basePath}/models` && this.hasModelList)
      return this.json(response, 200, this.#modelList());
    if (request.path === `${this.basePath}/chat/completions`) return this.#chat(exchange);
    if (request.path === `${this.basePath}/audio/speech`) return this.#speech(exchange);
    if (request.path === `${this.basePath}/audio/transcriptions`) return this.#transcribe(exchange);
    return this.fail(response, 404, `Unknown path ${request.path}`);
  }

  protected override errorBody(status: number, message: string, code?: string): unknown {
    return openAiError(status, message, code);
  }

  protected override contentType(request: RecordedRequest): string {
    if (request.path === `${this.basePath}/audio/transcriptions`) return 'application/json';
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
    if (!this.note('chat request', chatRequestFaults(request.body)))
      return this.fail(response, 400, 'The body is not a chat completion request');
    const body = request.body as ChatBody;
    const refusal = chatRefusal(body, this);
    if (refusal) return this.fail(response, refusal.status, refusal.message, refusal.code);
    const { pieces: sent, faults, gapMs } = chatPieces(body, this);
    this.note('chat chunk', faults);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    await this.stream(exchange, sent, gapMs);
  }

  async #speech(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const spec = loadSpec('openai.openapi.yaml');
    if (!this.note('speech request', spec?.schemaFaults('CreateSpeechRequest', request.body)))
      return this.fail(response, 400, 'The body is not a speech request');
    const { model, voice, stream_format: format } = request.body as Record<string, unknown>;
    const isOld = String(model).startsWith('tts-1');
    if (isOld && NEW_VOICES.has(voice))
      return this.fail(response, 400, `${String(model)} has no voice ${String(voice)}`);
    if (format !== 'sse') {
      response.writeHead(200, { 'content-type': 'audio/pcm' });
      return this.stream(exchange, pieces(this.speech, this.speechPieceBytes), 5);
    }
    const events = pieces(this.speech, this.speechPieceBytes).map((piece): unknown => ({
      type: 'speech.audio.delta',
      audio: piece.toString('base64'),
    }));
    events.push({ type: 'speech.audio.done', usage: { input_tokens: 4, output_tokens: 40, total_tokens: 44 } });
    for (const event of events) this.note('speech event', spec?.schemaFaults('CreateSpeechResponseStreamEvent', event));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    await this.stream(
      exchange,
      events.map((event) => `data: ${JSON.stringify(event)}\n\n`),
      5,
    );
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
