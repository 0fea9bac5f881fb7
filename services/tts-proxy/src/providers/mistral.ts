import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { keepAliveFetch } from '@eloquence/shared/runtime/keep-alive-fetch';
import { HTTPClient, Mistral } from '@mistralai/mistralai';
import type { VoiceResponse } from '@mistralai/mistralai/models/components';
import { MistralError, SDKValidationError } from '@mistralai/mistralai/models/errors';
import { CompleteAcceptEnum } from '@mistralai/mistralai/sdk/speech';
import { nameAt, type PartialVoices, type Voice } from '../voices/voice.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { SoundReader } from './sound-reader.ts';
import { brokenOff, statusError, type Peer } from './upstream-error.ts';
import { VoiceFinder, type ListedVoice } from './voice-finder.ts';

const PEER: Peer = {
  peer: 'Mistral speech',
  keyName: 'MISTRAL_API_KEY',
  urlName: 'MISTRAL_BASE_URL',
  choiceNames: 'MISTRAL_TTS_MODEL, MISTRAL_TTS_VOICE_FR and MISTRAL_TTS_VOICE_EN',
  forbids: 'its moderation does not let every text through',
};
/** What Mistral calls pcm is float32; the reader looks, should that change. */
const PCM = { encoding: 'unknown', sampleRateHz: TTS_SAMPLE_RATE_HZ } as const;
/** Of a list of voices; presets come before voices of the account. */
const MOST_VOICES = 200;

export interface MistralSpeechSettings {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  /** Ids of voices. Where there is none, the first voice of the account that fits is taken. */
  readonly voices: PartialVoices;
  readonly hedgeAfterMs: number;
}

/** Mistral's text-to-speech (Voxtral), streamed. It knows neither speed nor instructions. */
export function mistralSpeech(settings: MistralSpeechSettings): SpeechProvider {
  const client = new Mistral({
    apiKey: settings.apiKey,
    serverURL: settings.baseUrl,
    retryConfig: { strategy: 'none' },
    httpClient: new HTTPClient({ fetcher: keepAliveFetch() }),
  });
  const finder = new VoiceFinder((signal) => listVoices(client, signal));
  const named = (voice: Voice) => nameAt('mistral', voice, settings.voices);

  async function* speak({ text, voice }: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    try {
      signal.throwIfAborted();
      const voiceId = named(voice) ?? (await finder.find(voice.language, voice.gender, signal));
      const request = {
        model: settings.model,
        input: text,
        responseFormat: 'pcm',
        ...(voiceId && { voiceId }),
      } as const;
      const answer = await client.audio.speech.complete(
        { ...request, stream: true },
        { fetchOptions: { signal }, acceptHeaderOverride: CompleteAcceptEnum.textEventStream },
      );
      const reader = new SoundReader(PEER.peer, PCM);
      for await (const audio of audioOf(answer)) {
        const samples = reader.push(Buffer.from(audio, 'base64'));
        if (samples.length > 0) yield samples;
      }
      const last = reader.flush();
      if (last.length > 0) yield last;
    } catch (error) {
      signal.throwIfAborted();
      throw mistralError(error);
    }
  }
  async function check(signal: AbortSignal): Promise<void> {
    try {
      const [{ data = [] }] = await Promise.all([
        client.models.list(undefined, { fetchOptions: { signal } }),
        isFullyNamed(settings.voices) ? undefined : finder.refresh(signal),
      ]);
      if (data.some((model) => 'id' in model && model.id === settings.model)) return;
      throw new AppError(
        'upstream_rejected',
        `Mistral has no model ${settings.model} for this key. Check MISTRAL_TTS_MODEL.`,
      );
    } catch (error) {
      signal.throwIfAborted();
      throw mistralError(error);
    }
  }
  const label = `Mistral ${settings.model}`;
  return {
    id: 'mistral',
    engine: { id: `mistral/${settings.model}`, label, label_fr: label, demo: false },
    hedgeAfterMs: settings.hedgeAfterMs,
    identity(voice) {
      const name = named(voice) ?? finder.findKnown(voice.language, voice.gender) ?? `first ${voice.gender}`;
      return ['mistral', settings.baseUrl, settings.model, name, voice.language].join(' ');
    },
    speak,
    check,
  };
}

const isFullyNamed = ({ fr, en }: PartialVoices): boolean =>
  [fr?.female, fr?.male, en?.female, en?.male].every((name) => name !== undefined);

type Completed = Awaited<ReturnType<Mistral['audio']['speech']['complete']>>;

/** The base64 pieces of an answer, streamed or whole. @throws AppError when a stream ends without saying that it is over */
async function* audioOf(answer: Completed): AsyncGenerator<string> {
  if ('audioData' in answer) {
    yield answer.audioData;
    return;
  }
  for await (const { data } of answer) {
    if (data.type === 'speech.audio.done') return;
    if ('audioData' in data) yield data.audioData;
  }
  throw new AppError('upstream_failed', `${PEER.peer} broke off in the middle.`);
}

async function listVoices(client: Mistral, signal: AbortSignal): Promise<readonly ListedVoice[]> {
  const { items } = await client.audio.voices.list({ limit: MOST_VOICES }, { fetchOptions: { signal } });
  // Its presets are one person in several moods.
  const calm = items.toSorted((a, b) => Number(isCalm(b)) - Number(isCalm(a)));
  return calm.map(({ id, languages = [], gender }) => ({
    name: id,
    languages,
    ...(/^f/i.test(gender ?? '') && { gender: 'female' as const }),
    ...(/^m/i.test(gender ?? '') && { gender: 'male' as const }),
  }));
}

const isCalm = ({ slug, name, tags }: VoiceResponse): boolean =>
  [slug, name, ...(tags ?? [])].some((word) => /neutral|calm/i.test(word ?? ''));

function mistralError(error: unknown): unknown {
  // The library's errors hold the answer, some of them the request: they are no cause to be logged.
  const isOurs = error instanceof MistralError || error instanceof SDKValidationError;
  if (!isOurs) return brokenOff(PEER, error);
  if (!(error instanceof MistralError) || error.statusCode < 300)
    return new AppError(
      'upstream_failed',
      `${PEER.peer} answered with something that is no speech. Check ${PEER.urlName}.`,
    );
  return statusError(PEER, { status: error.statusCode, retryAfter: error.headers.get('retry-after') });
}
