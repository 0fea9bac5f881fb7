/** How loud some sound is, 0..1 of full scale. */
export interface Level {
  readonly peak: number;
  readonly rms: number;
}

/** Peak and RMS of what is added, until {@link take}. */
export class LevelMeter {
  #peak = 0;
  #squares = 0;
  #samples = 0;

  add(pcm: Int16Array): void {
    for (const sample of pcm) {
      const size = sample < 0 ? -sample : sample;
      if (size > this.#peak) this.#peak = size;
      this.#squares += sample * sample;
    }
    this.#samples += pcm.length;
  }

  /** The level since the last call. */
  take(): Level {
    const level = {
      peak: this.#peak / 32_768,
      rms: this.#samples === 0 ? 0 : Math.sqrt(this.#squares / this.#samples) / 32_768,
    };
    this.#peak = 0;
    this.#squares = 0;
    this.#samples = 0;
    return level;
  }
}
