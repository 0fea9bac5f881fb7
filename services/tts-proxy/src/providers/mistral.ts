import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { nameAt, type PartialVoices, type Voice } from '../voices/voice.ts';
import type { MistralClient } from './mistral-client.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { readSound } from './read-sound.ts';
import { VoiceFinder } from './voice-finder.ts';

/** What Mistral calls pcm is float32; the reader looks, should that change. */
const PCM = { encoding: 'unknown', sampleRateHz: TTS_SAMPLE_RATE_HZ } as const;

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
  let loading: Promise<MistralClient> | undefined;
  const client = () => (loading ??= import('./mistral-client.ts').then((module) => new module.MistralClient(settings)));
  const finder = new VoiceFinder(async (signal) => (await client()).voices(signal));
  const named = (voice: Voice) => nameAt('mistral', voice, settings.voices);

  async function* speak({ text, voice }: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    signal.throwIfAborted();
    const voiceId = named(voice) ?? (await finder.find(voice.language, voice.gender, signal));
    const pieces = (await client()).speak(text, voiceId, signal);
    yield* readSound('Mistral speech', bytesOf(pieces), PCM);
  }
  async function check(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const isNamed = [settings.voices.fr, settings.voices.en].every((own) => own?.female && own.male);
    await Promise.all([(await client()).checkModel(signal), isNamed ? undefined : finder.refresh(signal)]);
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

async function* bytesOf(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield Buffer.from(piece, 'base64');
}
