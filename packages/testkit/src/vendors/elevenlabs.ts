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

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers['xi-api-key'] !== this.apiKey) return this.fail(response, 401, 'Invalid API key');
    if (!/^\/v1\/text-to-speech\/[^/]+\/stream$/.test(request.path)) return this.fail(response, 404, 'Not Found');
    const spec = loadSpec('elevenlabs.openapi.json');
    const schema = 'Body_Text_to_speech_streaming_v1_text_to_speech__voice_id__stream_post';
    const bodyIsGood = this.note('speech request', spec?.schemaFaults(schema, request.body));
    const queryIsGood = [...request.query].every(([name, value]) =>
      this.note(`query ${name}`, spec?.faults(['paths', STREAM_PATH, 'post', ...parameter(name)], value)),
    );
    if (!bodyIsGood || !queryIsGood) return this.fail(response, 422, 'Validation error');
    if (request.query.get('output_format') !== 'pcm_24000')
      return this.fail(response, 400, 'The fake gives pcm_24000 only');
    response.writeHead(200, { 'content-type': 'audio/pcm' });
    await this.stream(exchange, pieces(this.speech, this.speechPieceBytes), 5);
  }

  protected override errorBody(status: number, message: string): unknown {
    return { detail: { status: String(status), message } };
  }

  protected override contentType(): string {
    return 'audio/pcm';
  }
}

/** Where the document keeps the schema of a query parameter of the stream path. */
function parameter(name: string): string[] {
  const order = ['voice_id', 'enable_logging', 'optimize_streaming_latency', 'output_format'];
  return ['parameters', String(order.indexOf(name)), 'schema'];
}
