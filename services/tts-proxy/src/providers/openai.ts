import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { keepAliveFetch } from '@eloquence/shared/runtime/keep-alive-fetch';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import { nameAt, type OwnVoices, type Voice } from '../voices/voice.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { readSound } from './read-sound.ts';
import { endsForCertain } from './uncertain-end.ts';
import { assertAudio, brokenOff, statusError, type Peer } from './upstream-error.ts';

const PEER: Peer = {
  peer: 'OpenAI speech',
  keyName: 'OPENAI_API_KEY',
  urlName: 'OPENAI_BASE_URL',
  choiceNames: 'OPENAI_TTS_MODEL and OPENAI_TTS_VOICE',
};
const PCM = { encoding: 's16', sampleRateHz: TTS_SAMPLE_RATE_HZ } as const;
/** Voices that the models tts-1 and tts-1-hd do not have. */
const NEW_VOICES = new Set(['ballad', 'cedar', 'marin', 'verse']);

export interface OpenAiSpeechSettings {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  readonly voices: OwnVoices;
  readonly hedgeAfterMs: number;
}

/** OpenAI: `pcm` is s16le mono 24 kHz there, streamed as it is made. */
export function openaiSpeech(settings: OpenAiSpeechSettings): SpeechProvider {
  const client = new OpenAI({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl,
    organization: null,
    project: null,
    maxRetries: 0,
    fetch: keepAliveFetch(),
    // Its log lines hold the request.
    logLevel: 'off',
  });
  const isOld = settings.model.startsWith('tts-1');
  const voiceName = (voice: Voice) => {
    const name = nameAt('openai', voice, settings.voices);
    return isOld && NEW_VOICES.has(name) ? settings.voices[voice.language][voice.gender] : name;
  };
  async function* speak(
    utterance: Utterance,
    signal: AbortSignal,
    onUncertainEnd?: () => void,
  ): AsyncGenerator<Int16Array> {
    const { text, voice, speed, instructions } = utterance;
    try {
      const response = await client.audio.speech.create(
        {
          model: settings.model,
          input: text,
          voice: voiceName(voice),
          response_format: 'pcm',
          ...(speed !== 1 && { speed }),
          ...(instructions !== undefined && !isOld && { instructions }),
        },
        { signal },
      );
      if (!response.body) throw new AppError('upstream_failed', `${PEER.peer} gave an empty answer.`);
      await assertAudioOrCancel(response, response.body);
      if (!endsForCertain((name) => response.headers.get(name))) onUncertainEnd?.();
      yield* readSound(PEER.peer, response.body, PCM);
    } catch (error) {
      signal.throwIfAborted();
      throw openaiError(error);
    }
  }
  async function check(signal: AbortSignal): Promise<void> {
    try {
      const { data } = await client.models.list({ signal });
      if (data.length === 0 || data.some(({ id }) => id === settings.model)) return;
      throw new AppError(
        'upstream_rejected',
        `OpenAI has no model ${settings.model} for this key. Check OPENAI_TTS_MODEL.`,
      );
    } catch (error) {
      signal.throwIfAborted();
      // A key may be allowed to speak and not to list models.
      if (error instanceof APIError && error.status === 403) return;
      throw openaiError(error);
    }
  }
  const label = `OpenAI ${settings.model}`;
  return {
    id: 'openai',
    engine: { id: `openai/${settings.model}`, label, label_fr: label, demo: false },
    hedgeAfterMs: settings.hedgeAfterMs,
    identity: (voice) => ['openai', settings.baseUrl, settings.model, voiceName(voice)].join(' '),
    speak,
    check,
  };
}

/** A page instead of sound is not read, and its connection not kept waiting. */
async function assertAudioOrCancel(response: Response, body: ReadableStream): Promise<void> {
  try {
    assertAudio(PEER, response.headers.get('content-type'));
  } catch (error) {
    await body.cancel().catch(() => undefined);
    throw error;
  }
}

function openaiError(error: unknown): unknown {
  if (error instanceof APIError && !(error instanceof APIConnectionError) && error.status !== undefined)
    return statusError(PEER, {
      status: error.status,
      retryAfter: error.headers?.get('retry-after'),
    });
  return brokenOff(PEER, error);
}
