import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import { keepAliveFetch } from '@eloquence/shared/runtime/keep-alive-fetch';
import OpenAI, { APIConnectionError, APIError, APIUserAbortError } from 'openai';
import { SampleReader } from '../audio/pcm.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { assertAudio, statusError } from './upstream-error.ts';

const PEER = 'OpenAI speech';

export interface OpenAiSpeechSettings {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  /** What `coach-fr` and `coach-en` are here. */
  readonly voice: string;
}

/** OpenAI, or any server of its wire: `pcm` is s16le mono 24 kHz there, streamed as it is made. */
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
  async function* speak(utterance: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    const { text, voice, speed, instructions } = utterance;
    const takesInstructions = instructions !== undefined && !settings.model.startsWith('tts-1');
    try {
      const response = await client.audio.speech.create(
        {
          model: settings.model,
          input: text,
          voice: voice.openaiName ?? settings.voice,
          response_format: 'pcm',
          ...(speed !== 1 && { speed }),
          ...(takesInstructions && { instructions }),
        },
        { signal },
      );
      assertAudio(PEER, response.headers.get('content-type'));
      const reader = new SampleReader();
      if (response.body) for await (const chunk of response.body) yield reader.push(chunk);
    } catch (error) {
      signal.throwIfAborted();
      throw openaiError(error);
    }
  }
  return {
    id: 'openai',
    engine: {
      id: `openai/${settings.model}`,
      label: `OpenAI ${settings.model}`,
      label_fr: `OpenAI ${settings.model}`,
      demo: false,
    },
    speak,
  };
}

function openaiError(error: unknown): unknown {
  if (error instanceof AppError || isAbort(error) || error instanceof APIUserAbortError) return error;
  if (error instanceof APIError && !(error instanceof APIConnectionError))
    return statusError({
      peer: PEER,
      keyName: 'OPENAI_API_KEY',
      status: error.status ?? 500,
      retryAfter: error.headers?.get('retry-after'),
      cause: error,
    });
  return new AppError('upstream_failed', `${PEER} cannot be reached, or broke off.`, { cause: error });
}
