import { AppError } from '@eloquence/shared/runtime/errors';
import { Pool, type Dispatcher } from 'undici';
import { SampleReader } from '../audio/pcm.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { assertAudio, statusError } from './upstream-error.ts';

const PEER = 'ElevenLabs';
/** The default of 4 s would close the connection between two sentences. */
const KEEP_ALIVE_MS = 60_000;
const BODY_TIMEOUT_MS = 10_000;
/** ElevenLabs' own limits. */
const SLOWEST = 0.7;
const FASTEST = 1.2;

export interface ElevenLabsSettings {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  readonly voices: { readonly fr: string; readonly en: string };
}

/** ElevenLabs' streamed text-to-speech at 24 kHz. */
export function elevenlabsSpeech(settings: ElevenLabsSettings): SpeechProvider {
  const base = new URL(settings.baseUrl);
  // One answer per connection at a time (pipelining would queue a sentence behind another), HTTP/1.1: an abort ends it at once.
  const pool = new Pool(base.origin, {
    connections: 32,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
  });
  async function* speak(utterance: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    try {
      const response = await request(pool, base, { settings, utterance, signal });
      const reader = new SampleReader();
      for await (const chunk of response.body) yield reader.push(chunk as Uint8Array);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AppError) throw error;
      throw new AppError('upstream_failed', `${PEER} cannot be reached, or broke off.`, { cause: error });
    }
  }
  const label = `ElevenLabs ${settings.model}`;
  return {
    id: 'elevenlabs',
    engine: { id: `elevenlabs/${settings.model}`, label, label_fr: label, demo: false },
    speak,
    close: () => pool.close(),
  };
}

interface Call {
  readonly settings: ElevenLabsSettings;
  readonly utterance: Utterance;
  readonly signal: AbortSignal;
}

async function request(pool: Pool, base: URL, call: Call): Promise<Dispatcher.ResponseData> {
  const { settings, utterance, signal } = call;
  const { text, voice, speed } = utterance;
  const prefix = base.pathname.replace(/\/$/, '');
  const response = await pool.request({
    method: 'POST',
    path: `${prefix}/v1/text-to-speech/${encodeURIComponent(settings.voices[voice.language])}/stream?output_format=pcm_24000`,
    headers: { 'xi-api-key': settings.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({
      text,
      model_id: settings.model,
      // Only the turbo and flash models take a language; others refuse it.
      ...(/turbo|flash/.test(settings.model) && { language_code: voice.language }),
      ...(speed !== 1 && { voice_settings: { speed: Math.min(FASTEST, Math.max(SLOWEST, speed)) } }),
    }),
    signal,
  });
  const { statusCode, headers, body } = response;
  if (statusCode === 200) {
    try {
      assertAudio(PEER, headerText(headers['content-type']));
    } catch (error) {
      body.destroy();
      body.on('error', () => undefined);
      throw error;
    }
    return response;
  }
  await body.dump().catch(() => undefined);
  throw statusError({
    peer: PEER,
    keyName: 'ELEVENLABS_API_KEY',
    status: statusCode,
    retryAfter: headerText(headers['retry-after']),
  });
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
