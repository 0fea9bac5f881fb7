import { FakeVendor, type Exchange } from './fake-vendor.ts';
import { pieces } from './openai.ts';
import { tone } from './tone.ts';
import { wavBytes } from './wav-bytes.ts';

interface PiperVoice {
  readonly sampleRateHz: number;
  readonly language: string;
  readonly speakers: Readonly<Record<string, number>>;
}

interface SynthesisBody {
  readonly text?: unknown;
  readonly voice?: string;
  readonly speaker?: string;
  readonly speaker_id?: number;
  readonly length_scale?: number;
}

/**
 * Piper's own server (`python -m piper.http_server`, 1.8): one WAV per sentence under `text/html`, and silently its default
 * voice for a name it does not know. Tests with the real one are in services/tts-proxy.
 */
export class FakePiper extends FakeVendor {
  voices: Readonly<Record<string, PiperVoice>> = {
    'en_US-amy-medium': { sampleRateHz: 22_050, language: 'en_US', speakers: {} },
    'fr_FR-siwis-medium': { sampleRateHz: 22_050, language: 'fr_FR', speakers: {} },
    'fr_FR-tom-medium': { sampleRateHz: 44_100, language: 'fr_FR', speakers: {} },
    'fr_FR-upmc-medium': { sampleRateHz: 22_050, language: 'fr_FR', speakers: { jessica: 0, pierre: 1 } },
  };
  seconds = 0.5;
  /** Bytes of the answer as it is sent; set for what no Piper sends. */
  body: Buffer | undefined;

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.path === '/voices' && request.method === 'GET') return this.json(response, 200, this.#list());
    if (request.path !== '/synthesize' || request.method !== 'POST') return this.fail(response, 404, 'Not Found');
    const body = request.body as SynthesisBody;
    if (typeof body.text !== 'string' || !body.text.trim()) return this.fail(response, 500, 'Internal Server Error');
    const named = this.voices[body.voice ?? ''] ?? Object.values(this.voices)[0];
    const sampleRateHz = named?.sampleRateHz ?? 22_050;
    const samples = tone({ seconds: this.seconds * (body.length_scale ?? 1), sampleRateHz });
    response.writeHead(200, { 'content-type': this.contentType() });
    await this.stream(exchange, pieces(this.body ?? wavBytes(samples, { sampleRateHz }), 4_801), 5);
  }

  protected override errorBody(_status: number, message: string): unknown {
    return message;
  }

  protected override contentType(): string {
    return 'text/html; charset=utf-8';
  }

  #list(): unknown {
    return Object.fromEntries(
      Object.entries(this.voices).map(([name, { sampleRateHz, language, speakers }]) => [
        name,
        {
          audio: { sample_rate: sampleRateHz },
          espeak: { voice: language.slice(0, 2) },
          language: { code: language },
          num_speakers: Math.max(1, Object.keys(speakers).length),
          speaker_id_map: speakers,
        },
      ]),
    );
  }
}
