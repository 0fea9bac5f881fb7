import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { LoudnessMemory } from '../audio/loudness-memory.ts';
import type { SpeechCache } from '../cache/speech-cache.ts';
import { outcomes } from '../chain/attempt.ts';
import type { VoiceChain } from '../chain/voice-chain.ts';
import { Admission } from './admission.ts';
import { defaultLimits, type SpeechLimits } from './limits.ts';
import { LiveSpeech } from './live-speech.ts';
import { Phrases } from './phrases.ts';
import type { Speech, SpeechOpener, SpeechOptions } from './speech.ts';

export interface SpeakerDeps {
  readonly chain: VoiceChain;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly loudness: LoudnessMemory;
  /** Without it nothing is kept. */
  readonly cache?: SpeechCache;
  readonly limits?: SpeechLimits;
}

/** Opens speeches: all of them share the providers, the kept phrases and the places. */
export class Speaker implements SpeechOpener {
  readonly #deps: SpeakerDeps;
  readonly #limits: SpeechLimits;
  readonly #phrases: Phrases;
  readonly #admission: Admission;
  #open = 0;

  constructor(deps: SpeakerDeps) {
    this.#deps = deps;
    this.#limits = deps.limits ?? defaultLimits;
    this.#phrases = new Phrases({ ...deps, limits: this.#limits });
    this.#admission = new Admission(this.#limits);
    startAtZero(deps);
  }

  async open(options: SpeechOptions, signal: AbortSignal): Promise<Speech> {
    signal.throwIfAborted();
    if (this.#open >= this.#limits.maxSpeeches)
      throw new AppError('overloaded', 'Too many speeches are open. Try again in a few seconds.', { retryAfterS: 5 });
    this.#open += 1;
    const { chain } = this.#deps;
    const deps = { chain, phrases: this.#phrases, admission: this.#admission, limits: this.#limits };
    return Promise.resolve(
      new LiveSpeech(deps, options, signal, () => {
        this.#open -= 1;
      }),
    );
  }
}

/** A counter that begins at the first failure has no rate for it. */
function startAtZero({ chain, telemetry }: SpeakerDeps): void {
  for (const outcome of ['hit', 'miss', 'shared', 'stored'])
    telemetry.count('eloquence_tts_cache_total', { outcome }, 0);
  const [preferred, ...others] = chain.members.map(({ provider }) => provider.id);
  if (preferred === undefined) return;
  for (const provider of [preferred, ...others]) {
    for (const outcome of outcomes) telemetry.count('eloquence_tts_requests_total', { provider, outcome }, 0);
    telemetry.count('eloquence_tts_audio_seconds_total', { provider }, 0);
  }
  for (const to of others)
    for (const reason of ['failed', 'late', 'away'])
      telemetry.count('eloquence_tts_failovers_total', { from: preferred, to, reason }, 0);
}
