import { loadSpec } from '../spec-validator.ts';
import { FakeVendor, type Exchange } from './fake-vendor.ts';
import { pieces } from './openai.ts';
import { tone } from './tone.ts';
import { floatBytes, wavBytes, type WavShape } from './wav-bytes.ts';

/** What a server answers with; `asked`: what it was asked for. */
export type SpeechAnswer = 'asked' | 'float pcm' | { readonly wav: Omit<WavShape, 'sampleRateHz'> };

interface SpeechBody {
  readonly model: string;
  readonly voice: string;
  readonly response_format?: string;
  readonly sample_rate?: number;
  readonly speed?: number;
}

const flavours = {
  kokoro: { models: ['tts-1', 'tts-1-hd', 'kokoro'], voices: ['ff_siwis', 'bf_emma', 'bm_george'], rateHz: 24_000 },
  speaches: { models: ['speaches-ai/piper-fr_FR-siwis-medium'], voices: ['siwis'], rateHz: 22_050 },
  /** One that refuses what OpenAI's document does not have. */
  strict: { models: ['any'], voices: ['coral', 'ash'], rateHz: 24_000 },
} as const;

/**
 * Servers with OpenAI's speech wire, as they are: Kokoro-FastAPI (24 kHz, refuses with 400 and a list of its voices), speaches
 * (a model's own rate unless one is asked for, 422 for a speed it cannot), and one that is strict. No key unless one is set.
 */
export class FakeSpeechServer extends FakeVendor {
  readonly flavour: keyof typeof flavours;
  apiKey: string | undefined;
  answersWith: SpeechAnswer = 'asked';
  /** Members of the Content-Type behind `audio/pcm`. */
  pcmParameters = '';
  hasModelList = true;
  seconds = 0.5;
  speechPieceBytes = 4_801;

  constructor(flavour: keyof typeof flavours) {
    super();
    this.flavour = flavour;
  }

  get models(): readonly string[] {
    return flavours[this.flavour].models;
  }

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (this.apiKey !== undefined && request.headers.authorization !== `Bearer ${this.apiKey}`)
      return this.fail(response, 401, 'Invalid API key');
    if (request.path === '/v1/models' && this.hasModelList)
      return this.json(response, 200, { object: 'list', data: this.models.map((id) => ({ id, object: 'model' })) });
    if (request.path !== '/v1/audio/speech' || request.method !== 'POST') return this.fail(response, 404, 'Not Found');
    return this.#speak(exchange);
  }

  protected override errorBody(_status: number, message: string): unknown {
    return { detail: this.flavour === 'kokoro' ? { error: 'validation_error', message } : message };
  }

  protected override contentType(): string {
    return 'audio/pcm';
  }

  async #speak(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const body = request.body as SpeechBody;
    const { models, voices, rateHz } = flavours[this.flavour];
    const { sample_rate: rate, ...known } = body;
    if (this.flavour === 'strict' && rate !== undefined)
      return this.fail(response, 400, "Unrecognized request argument supplied: 'sample_rate'");
    if (!this.note('speech request', loadSpec('openai.openapi.yaml')?.schemaFaults('CreateSpeechRequest', known)))
      return this.fail(response, 422, 'The body is not a speech request');
    if (!(models as readonly string[]).includes(body.model))
      return this.fail(response, this.flavour === 'kokoro' ? 400 : 404, `Model '${body.model}' is not here`);
    if (!(voices as readonly string[]).includes(body.voice))
      return this.fail(response, 400, `Voice '${body.voice}' not found. Available voices: ${voices.join(', ')}`);
    // Kokoro passes over a rate; speaches gives its model's own, which it names nowhere.
    const sampleRateHz = this.flavour === 'speaches' ? (rate ?? rateHz) : rateHz;
    const samples = tone({ seconds: this.seconds / (body.speed ?? 1), sampleRateHz });
    const { type, bytes } = this.#encode(samples, sampleRateHz);
    response.writeHead(200, { 'content-type': type });
    await this.stream(exchange, pieces(bytes, this.speechPieceBytes), 5);
  }

  #encode(samples: Buffer, sampleRateHz: number): { type: string; bytes: Buffer } {
    if (this.answersWith === 'asked') return { type: `audio/pcm${this.pcmParameters}`, bytes: samples };
    if (this.answersWith === 'float pcm') return { type: 'audio/pcm', bytes: floatBytes(samples) };
    return { type: 'audio/wav', bytes: wavBytes(samples, { sampleRateHz, ...this.answersWith.wav }) };
  }
}
