import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { nameAt, type OwnVoices, type Voice } from '../voices/voice.ts';
import { parseJson } from './parse-json.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { readSound } from './read-sound.ts';
import { assertAudio, type Peer } from './upstream-error.ts';
import { VendorHttp } from './vendor-http.ts';

const PEER: Peer = {
  peer: 'ElevenLabs',
  keyName: 'ELEVENLABS_API_KEY',
  urlName: 'ELEVENLABS_BASE_URL',
  choiceNames: 'ELEVENLABS_MODEL, ELEVENLABS_VOICE_FR and ELEVENLABS_VOICE_EN',
};
const PCM = { encoding: 's16', sampleRateHz: TTS_SAMPLE_RATE_HZ } as const;
/** ElevenLabs' own limits. */
const SLOWEST = 0.7;
const FASTEST = 1.2;

export interface ElevenLabsSettings {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  readonly voices: OwnVoices;
  readonly hedgeAfterMs: number;
}

/** ElevenLabs' streamed text-to-speech at 24 kHz. */
export function elevenlabsSpeech(settings: ElevenLabsSettings): SpeechProvider {
  const http = new VendorHttp({
    peer: PEER,
    baseUrl: settings.baseUrl,
    headers: { 'xi-api-key': settings.apiKey },
    refusal,
  });
  const voiceName = (voice: Voice) => nameAt('elevenlabs', voice, settings.voices);
  async function* speak(utterance: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    const name = encodeURIComponent(voiceName(utterance.voice));
    const path = `/v1/text-to-speech/${name}/stream?output_format=pcm_24000`;
    const answer = await http.open({ path, body: bodyOf(settings.model, utterance), signal });
    try {
      assertAudio(PEER, answer.contentType);
    } catch (error) {
      answer.discard();
      throw error;
    }
    yield* readSound(PEER.peer, answer.body, PCM);
  }
  async function check(signal: AbortSignal): Promise<void> {
    try {
      await http.text({ path: '/v1/models', signal });
    } catch (error) {
      if (error !== mayNotAsk) throw error;
    }
  }
  const label = `ElevenLabs ${settings.model}`;
  return {
    id: 'elevenlabs',
    engine: { id: `elevenlabs/${settings.model}`, label, label_fr: label, demo: false },
    hedgeAfterMs: settings.hedgeAfterMs,
    identity: (voice) => ['elevenlabs', settings.baseUrl, settings.model, voiceName(voice)].join(' '),
    speak,
    check,
    close: () => http.close(),
  };
}

function bodyOf(model: string, { text, voice, speed }: Utterance): unknown {
  return {
    text,
    model_id: model,
    // Only the turbo and flash models take a language; others refuse it.
    ...(/turbo|flash/.test(model) && { language_code: voice.language }),
    ...(speed !== 1 && { voice_settings: { speed: Math.min(FASTEST, Math.max(SLOWEST, speed)) } }),
  };
}

const errorBodySchema = z.looseObject({ detail: z.looseObject({ status: z.string() }) });

/** A good key that may speak and not list models. */
const mayNotAsk = new AppError('upstream_rejected', 'ElevenLabs: the key of ELEVENLABS_API_KEY lacks a permission.');

/** ElevenLabs answers 401 to three different faults and tells them apart in the body. */
function refusal(status: number, body: string): AppError | undefined {
  if (status !== 401) return undefined;
  const said = errorBodySchema.safeParse(parseJson(body)).data?.detail.status;
  if (said === 'missing_permissions') return mayNotAsk;
  if (said === 'quota_exceeded')
    return new AppError('upstream_rejected', 'ElevenLabs: the account of ELEVENLABS_API_KEY has no credit left.');
  return undefined;
}
