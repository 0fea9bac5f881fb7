import { loadSpec } from '../spec-validator.ts';
import { FakeVendor, type Exchange, type RecordedRequest } from './fake-vendor.ts';
import { pieces } from './openai.ts';
import { tone } from './tone.ts';
import { floatBytes } from './wav-bytes.ts';

const CREATED = 1_700_000_000;
const CREATED_AT = '2026-03-26T00:00:00Z';
const SPEC = 'mistral.openapi.yaml';

interface SpeechBody {
  readonly model?: string | null;
  readonly stream?: boolean;
  readonly voice_id?: string | null;
  readonly response_format?: string;
}

interface FakeVoice {
  readonly id: string;
  readonly slug: string;
  readonly languages: readonly string[];
  readonly gender: string | null;
}

const preset = (number: number, slug: string, language: string, gender: string | null): FakeVoice => ({
  id: `00000000-0000-4000-8000-00000000000${number}`,
  slug,
  languages: [language],
  gender,
});

/** Mistral's text-to-speech: base64 float32 in one JSON body or in server-sent events, and its list of voices. */
export class FakeMistralSpeech extends FakeVendor {
  readonly apiKey = 'fake-mistral-key';
  models: readonly string[] = ['voxtral-mini-tts-2603'];
  voices: readonly FakeVoice[] = [
    preset(1, 'en_paul_neutral', 'en_us', 'male'),
    preset(2, 'gb_jane_neutral', 'en_gb', 'female'),
    preset(3, 'fr_marie_angry', 'fr_fr', 'female'),
    preset(4, 'fr_marie_neutral', 'fr_fr', 'female'),
  ];
  /** s16le mono 24 kHz of every answer; sent as floats, as Mistral's pcm is. */
  speech: Buffer = tone({ seconds: 0.5 });
  /** Cut anywhere, in the middle of events and of characters of base64. */
  speechPieceBytes = 4_801;
  /** Floats in each event's piece; odd on purpose: an event need not end with a whole one. */
  eventBytes = 6_001;
  /** Some hosts of the model do not stream. */
  streams = true;
  /** Ends a stream neatly without saying that it is done. */
  forgetsDone = false;

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers.authorization !== `Bearer ${this.apiKey}`) return this.fail(response, 401, 'Unauthorized');
    if (request.path === '/v1/models') return this.json(response, 200, this.#modelList());
    if (request.path === '/v1/audio/voices') return this.json(response, 200, this.#voiceList(request));
    if (request.path === '/v1/audio/speech') return this.#speak(exchange);
    return this.fail(response, 404, 'no Route matched with those values');
  }

  protected override errorBody(status: number, message: string): unknown {
    return { object: 'error', message, type: 'error', param: null, code: String(status) };
  }

  protected override contentType(): string {
    return 'text/event-stream';
  }

  #modelList(): unknown {
    const list = {
      object: 'list',
      data: this.models.map((id) => ({
        id,
        object: 'model',
        created: CREATED,
        owned_by: 'mistralai',
        type: 'base',
        capabilities: {},
      })),
    };
    this.note('model list', loadSpec(SPEC)?.schemaFaults('ModelList', list));
    return list;
  }

  #voiceList(request: RecordedRequest): unknown {
    const limit = Number(request.query.get('limit') ?? 10);
    const offset = Number(request.query.get('offset') ?? 0);
    const list = {
      items: this.voices.slice(offset, offset + limit).map((voice) => ({
        ...voice,
        name: voice.slug,
        created_at: CREATED_AT,
        user_id: null,
      })),
      total: this.voices.length,
      page: Math.floor(offset / limit) + 1,
      page_size: limit,
      total_pages: Math.ceil(this.voices.length / limit),
    };
    this.note('voice list', loadSpec(SPEC)?.schemaFaults('VoiceListResponse', list));
    return list;
  }

  async #speak(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const spec = loadSpec(SPEC);
    if (!this.note('speech request', spec?.schemaFaults('SpeechRequest', request.body)))
      return this.fail(response, 422, 'The body is not a speech request');
    const body = request.body as SpeechBody;
    if (!this.models.includes(body.model ?? '')) return this.fail(response, 404, `Invalid model: ${body.model}`);
    if (!this.voices.some(({ id, slug }) => id === body.voice_id || slug === body.voice_id))
      return this.fail(response, 404, `Voice ${body.voice_id} not found`);
    const sound = floatBytes(this.speech);
    if (!body.stream || !this.streams) {
      const answer = { audio_data: sound.toString('base64') };
      this.note('speech answer', spec?.schemaFaults('SpeechResponse', answer));
      response.writeHead(200, { 'content-type': 'application/json' });
      return this.stream(exchange, pieces(Buffer.from(JSON.stringify(answer)), this.speechPieceBytes), 5);
    }
    const data = [
      ...pieces(sound, this.eventBytes).map((piece) => ({
        type: 'speech.audio.delta',
        audio_data: piece.toString('base64'),
      })),
      ...(this.forgetsDone ? [] : [{ type: 'speech.audio.done', usage: USAGE }]),
    ];
    const events = data.map((one) => ({ event: one.type, data: one }));
    for (const event of events) this.note('speech event', spec?.schemaFaults('SpeechStreamEvents', event));
    const text = events.map((event) => `event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`).join('');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    return this.stream(exchange, pieces(Buffer.from(text), this.speechPieceBytes), 5);
  }
}

const USAGE = { prompt_tokens: 12, completion_tokens: 40, total_tokens: 52 };
