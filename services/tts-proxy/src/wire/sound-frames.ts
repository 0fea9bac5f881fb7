import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { toALaw, toMuLaw } from '../audio/g711.ts';
import { toBytes } from '../audio/pcm.ts';
import { Resampler } from '../audio/resampler.ts';

export type SoundEncoding = 'linear16' | 'mulaw' | 'alaw';

export interface SoundFormat {
  readonly encoding: SoundEncoding;
  readonly rateHz: number;
}

const encoders = { linear16: toBytes, mulaw: toMuLaw, alaw: toALaw } as const;
/** Longest frame: what is not sent yet can be taken back, and players want to begin. */
const FRAME_S = 0.2;

/** s16 mono 24 kHz samples as frames of a format: whole samples, 200 ms at most. One for each stretch of sound. */
export class SoundFrames {
  readonly #format: SoundFormat;
  readonly #resampler: Resampler | undefined;

  constructor(format: SoundFormat) {
    this.#format = format;
    if (format.rateHz !== TTS_SAMPLE_RATE_HZ) this.#resampler = new Resampler(TTS_SAMPLE_RATE_HZ, format.rateHz);
  }

  push(samples: Int16Array): Buffer[] {
    return this.#frames(this.#resampler ? this.#resampler.push(samples) : samples);
  }

  /** What the resampler held back; nothing may be pushed afterwards. */
  flush(): Buffer[] {
    return this.#resampler ? this.#frames(this.#resampler.flush()) : [];
  }

  #frames(samples: Int16Array): Buffer[] {
    const frames: Buffer[] = [];
    const length = Math.round(FRAME_S * this.#format.rateHz);
    for (let at = 0; at < samples.length; at += length)
      frames.push(encoders[this.#format.encoding](samples.subarray(at, at + length)));
    return frames;
  }
}
