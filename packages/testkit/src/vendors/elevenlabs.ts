import { loadSpec } from '../spec-validator.ts';
import { FakeVendor, type Exchange } from './fake-vendor.ts';
import { pieces } from './openai.ts';
import { tone } from './tone.ts';

const STREAM_PATH = '/v1/text-to-speech/{voice_id}/stream';

/** ElevenLabs' streamed text-to-speech. */
export class FakeElevenLabs extends FakeVendor {
  readonly apiKey = 'fake-elevenlabs-key';
  /** s16le mono 24 kHz of every answer. */
  speech: Buffer = tone({ seconds: 0.5 });
  speechPieceBytes = 4_801;
  /** Ids of voices the account has. Charlotte, Daniel, Alice, George, Lily. */
  voices: readonly string[] = [
    'XB0fDUnXU5powFXDhCwa',
    'onwK4e9ZLuTAKqWW03F9',
    'Xb7hH8MSUJpSbSDYk0k2',
    'JBFqnCBsd6RMkjVDRZzb',
    'pFZP5JQG7iQjIQuC4Bku',
  ];
  /** A key may be allowed to speak and nothing else. */
  mayListModels = true;
  /** Characters left; at 0 every sentence is refused. */
  credit = Infinity;

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers['xi-api-key'] !== this.apiKey) return this.fail(response, 401, 'Invalid API key');
    if (request.path === '/v1/models') return this.#models(exchange);
    if (!/^\/v1\/text-to-speech\/[^/]+\/stream$/.test(request.path)) return this.fail(response, 404, 'Not Found');
    const spec = loadSpec('elevenlabs.openapi.json');
    const schema = 'Body_Text_to_speech_streaming_v1_text_to_speech__voice_id__stream_post';
    const bodyIsGood = this.note('speech request', spec?.schemaFaults(schema, request.body));
    const queryIsGood = [...request.query].every(([name, value]) =>
      this.note(`query ${name}`, spec?.faults(['paths', STREAM_PATH, 'post', ...parameter(name)], value)),
    );
    if (!bodyIsGood || !queryIsGood) return this.fail(response, 422, 'Validation error');
    if (this.credit <= 0) return this.fail(response, 401, 'This request exceeds your quota', 'quota_exceeded');
    if (!this.voices.includes(decodeURIComponent(request.path.split('/')[3] ?? '')))
      return this.fail(response, 404, 'A voice for the voice_id was not found', 'voice_not_found');
    if (request.query.get('output_format') !== 'pcm_24000')
      return this.fail(response, 400, 'The fake gives pcm_24000 only');
    response.writeHead(200, { 'content-type': 'audio/pcm' });
    await this.stream(exchange, pieces(this.speech, this.speechPieceBytes), 5);
  }

  protected override errorBody(status: number, message: string, code = String(status)): unknown {
    return { detail: { status: code, message } };
  }

  protected override contentType(): string {
    return 'audio/pcm';
  }

  #models({ response }: Exchange): void {
    if (!this.mayListModels)
      return this.fail(
        response,
        401,
        'The API key you used is missing the permission models_read',
        'missing_permissions',
      );
    const list = [FLASH];
    const pointer = ['paths', '/v1/models', 'get', 'responses', '200', 'content', 'application/json', 'schema'];
    this.note('model list', loadSpec('elevenlabs.openapi.json')?.faults(pointer, list));
    return this.json(response, 200, list);
  }
}

const FLASH = {
  model_id: 'eleven_flash_v2_5',
  name: 'Eleven Flash v2.5',
  description: 'Low latency',
  can_be_finetuned: true,
  can_do_text_to_speech: true,
  can_do_voice_conversion: false,
  can_use_style: false,
  can_use_speaker_boost: false,
  serves_pro_voices: false,
  requires_alpha_access: false,
  token_cost_factor: 0.5,
  max_characters_request_free_user: 40_000,
  max_characters_request_subscribed_user: 40_000,
  maximum_text_length_per_request: 40_000,
  languages: [{ language_id: 'fr', name: 'French' }],
  model_rates: { character_cost_multiplier: 0.5 },
  concurrency_group: 'turbo',
};

/** Where the document keeps the schema of a query parameter of the stream path. */
function parameter(name: string): string[] {
  const order = ['voice_id', 'enable_logging', 'optimize_streaming_latency', 'output_format'];
  return ['parameters', String(order.indexOf(name)), 'schema'];
}
