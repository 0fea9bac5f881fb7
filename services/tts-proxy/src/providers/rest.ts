import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { nameAt, type OwnVoices, type Voice } from '../voices/voice.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { readSound } from './read-sound.ts';
import type { RawSound } from './sound-reader.ts';
import { endsForCertain } from './uncertain-end.ts';
import { assertAudio, statusError, type Peer } from './upstream-error.ts';
import { VendorHttp, type SoundAnswer } from './vendor-http.ts';

const PEER: Peer = {
  peer: 'The speech server',
  keyName: 'TTS_REST_API_KEY',
  urlName: 'TTS_REST_URL',
  choiceNames: 'TTS_REST_MODEL, TTS_REST_VOICE_FR and TTS_REST_VOICE_EN',
};
/** Compressed sound; a server that gives it whatever it is asked for cannot be used. */
const COMPRESSED = /^audio\/(?:mpeg|mp3|ogg|opus|aac|mp4|flac|webm|x-flac)/i;

export interface RestSpeechSettings {
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly model: string;
  readonly voices: OwnVoices;
  readonly hedgeAfterMs: number;
}

/** The server does not take a member of the body, or the voice. */
class RefusedRequest extends AppError {
  constructor(status: number) {
    const { code, message } = statusError(PEER, { status, retryAfter: undefined });
    super(code, message);
  }
}

/**
 * Any server with OpenAI's `/v1/audio/speech`: Kokoro-FastAPI, speaches… What it really sends is read from the answer: a WAV
 * of any rate, float or not, or headerless samples at the rate it names, 24 kHz when it names none.
 */
export function restSpeech(settings: RestSpeechSettings): SpeechProvider {
  const { apiKey, baseUrl, model } = settings;
  const http = new VendorHttp({
    peer: PEER,
    baseUrl,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    refusal: (status) => (status === 400 || status === 422 ? new RefusedRequest(status) : undefined),
  });
  /** speaches gives a model's own rate, and names it nowhere, unless one is asked for; a strict server refuses to be asked. */
  let names: 'rate' | 'no rate' = 'rate';
  async function ask(body: object, signal: AbortSignal): Promise<SoundAnswer> {
    const path = '/audio/speech';
    if (names === 'no rate') return http.open({ path, body, signal });
    try {
      return await http.open({ path, body: { ...body, sample_rate: TTS_SAMPLE_RATE_HZ }, signal });
    } catch (error) {
      if (!(error instanceof RefusedRequest)) throw error;
      const answer = await http.open({ path, body, signal });
      names = 'no rate';
      return answer;
    }
  }
  const voiceName = (voice: Voice) => nameAt('rest', voice, settings.voices);
  async function* speak(
    utterance: Utterance,
    signal: AbortSignal,
    onUncertainEnd?: () => void,
  ): AsyncGenerator<Int16Array> {
    const { text, voice, speed, instructions } = utterance;
    const body = {
      model,
      input: text,
      voice: voiceName(voice),
      response_format: 'pcm',
      ...(speed !== 1 && { speed }),
      ...(instructions !== undefined && { instructions }),
    };
    const answer = await ask(body, signal);
    if (!endsForCertain((name) => answer.header(name))) onUncertainEnd?.();
    let raw: RawSound;
    try {
      raw = rawSound(answer);
    } catch (error) {
      answer.discard();
      throw error;
    }
    yield* readSound(PEER.peer, answer.body, raw);
  }
  async function check(signal: AbortSignal): Promise<void> {
    // A server of this shape need not list models; that it answers is all that can be asked.
    await http.text({ path: '/models', signal }, [404, 405]);
  }
  const label = `${model} (${new URL(baseUrl).host})`;
  return {
    id: 'rest',
    engine: { id: `rest/${model}`, label, label_fr: label, demo: false },
    hedgeAfterMs: settings.hedgeAfterMs,
    identity: (voice) => ['rest', baseUrl, model, voiceName(voice)].join(' '),
    speak,
    check,
    close: () => http.close(),
  };
}

/** What headerless bytes of this answer are. @throws AppError when they cannot be sound we read */
function rawSound(answer: SoundAnswer): RawSound {
  const { contentType } = answer;
  assertAudio(PEER, contentType);
  if (COMPRESSED.test(contentType))
    throw new AppError('upstream_failed', `${PEER.peer} answered with ${contentType}, it was asked for pcm.`);
  const named = /(?:rate|samplerate|sample_rate)="?(\d+)/i.exec(contentType)?.[1] ?? answer.header('x-sample-rate');
  const sampleRateHz = Number(named) || TTS_SAMPLE_RATE_HZ;
  const isFloat = /f(?:loat)?[-_]?32|codecs?="?pcm_f32/i.test(contentType);
  return { encoding: isFloat ? 'f32' : 'unknown', sampleRateHz };
}
