import { AppError } from '@eloquence/shared/runtime/errors';
import { keepAliveFetch } from '@eloquence/shared/runtime/keep-alive-fetch';
import { HTTPClient, Mistral } from '@mistralai/mistralai';
import type { VoiceResponse } from '@mistralai/mistralai/models/components';
import { MistralError, SDKValidationError } from '@mistralai/mistralai/models/errors';
import { CompleteAcceptEnum } from '@mistralai/mistralai/sdk/speech';
import type { MistralSpeechSettings } from './mistral.ts';
import { brokenOff, statusError, type Peer } from './upstream-error.ts';
import type { ListedVoice } from './voice-finder.ts';

const PEER: Peer = {
  peer: 'Mistral speech',
  keyName: 'MISTRAL_API_KEY',
  urlName: 'MISTRAL_BASE_URL',
  choiceNames: 'MISTRAL_TTS_MODEL, MISTRAL_TTS_VOICE_FR and MISTRAL_TTS_VOICE_EN',
  forbids: 'its moderation does not let every text through',
};
/** Of a list of voices; presets come before voices of the account. */
const MOST_VOICES = 200;

/** Mistral's library as far as speech needs it. It costs 90 MB and most of a second, so it is loaded by who uses it. */
export class MistralClient {
  readonly #clientFor: (signal: AbortSignal) => Mistral;
  readonly #model: string;

  constructor({ apiKey, baseUrl, model }: Pick<MistralSpeechSettings, 'apiKey' | 'baseUrl' | 'model'>) {
    const send = keepAliveFetch();
    this.#model = model;
    // One for each request, which is cheap, because only so can its signal be handed to `fetch` and not to a clone.
    this.#clientFor = (signal) =>
      new Mistral({
        apiKey,
        serverURL: baseUrl,
        retryConfig: { strategy: 'none' },
        httpClient: new HTTPClient({ fetcher: (input) => send(input, { signal }) }),
      });
  }

  /**
   * The sound of a text, in base64 pieces that are cut anywhere.
   *
   * @throws AppError, also when a stream ends without saying that it is over; the signal's reason after an abort
   */
  async *speak(text: string, voiceId: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
    try {
      signal.throwIfAborted();
      const answer = await this.#clientFor(signal).audio.speech.complete(
        { model: this.#model, input: text, responseFormat: 'pcm', stream: true, ...(voiceId && { voiceId }) },
        { fetchOptions: { signal }, acceptHeaderOverride: CompleteAcceptEnum.textEventStream },
      );
      yield* piecesOf(answer);
    } catch (error) {
      signal.throwIfAborted();
      throw mistralError(error);
    }
  }

  /** Voices of the account and presets, the calm ones first: a preset is one person in several moods. @throws as `speak` does */
  async voices(signal: AbortSignal): Promise<readonly ListedVoice[]> {
    try {
      const { items } = await this.#clientFor(signal).audio.voices.list(
        { limit: MOST_VOICES },
        { fetchOptions: { signal } },
      );
      return items.toSorted((a, b) => Number(isCalm(b)) - Number(isCalm(a))).map(listed);
    } catch (error) {
      signal.throwIfAborted();
      throw mistralError(error);
    }
  }

  /** Whether the key has the model. @throws as `speak` does */
  async checkModel(signal: AbortSignal): Promise<void> {
    try {
      const { data = [] } = await this.#clientFor(signal).models.list(undefined, { fetchOptions: { signal } });
      if (data.some((model) => 'id' in model && model.id === this.#model)) return;
    } catch (error) {
      signal.throwIfAborted();
      throw mistralError(error);
    }
    throw new AppError(
      'upstream_rejected',
      `Mistral has no model ${this.#model} for this key. Check MISTRAL_TTS_MODEL.`,
    );
  }
}

type Completed = Awaited<ReturnType<Mistral['audio']['speech']['complete']>>;

async function* piecesOf(answer: Completed): AsyncGenerator<string> {
  // Not every host of the model streams.
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

function listed({ id, languages = [], gender }: VoiceResponse): ListedVoice {
  return {
    name: id,
    languages,
    ...(/^f/i.test(gender ?? '') && { gender: 'female' as const }),
    ...(/^m/i.test(gender ?? '') && { gender: 'male' as const }),
  };
}

const isCalm = ({ slug, name, tags }: VoiceResponse): boolean =>
  [slug, name, ...(tags ?? [])].some((word) => /neutral|calm/i.test(word ?? ''));

function mistralError(error: unknown): unknown {
  // The library's errors hold the answer, some of them the request: they are no cause to be logged.
  const isTheirs = error instanceof MistralError || error instanceof SDKValidationError;
  if (!isTheirs) return brokenOff(PEER, error);
  if (!(error instanceof MistralError) || error.statusCode < 300)
    return new AppError(
      'upstream_failed',
      `${PEER.peer} answered with something that is no speech. Check ${PEER.urlName}.`,
    );
  return statusError(PEER, { status: error.statusCode, retryAfter: error.headers.get('retry-after') });
}
