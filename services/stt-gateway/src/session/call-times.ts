/** Calls remembered: enough to know how slow the engine is, few enough to notice when it is faster again. */
const REMEMBERED = 4;
/** Whisper takes as long for a word as for so much. */
const LEAST_AUDIO_S = 5;

/** How long decodes have taken lately, to know what the next may take: the worst of the last few, by their length. */
export class CallTimes {
  readonly #msPerS: number[] = [];

  observe(audioS: number, tookMs: number): void {
    this.#msPerS.push(tookMs / Math.max(LEAST_AUDIO_S, audioS));
    if (this.#msPerS.length > REMEMBERED) this.#msPerS.shift();
  }

  /** Infinity while nothing is known. */
  expectedMs(audioS: number): number {
    return this.#msPerS.length === 0 ? Infinity : Math.max(...this.#msPerS) * Math.max(LEAST_AUDIO_S, audioS);
  }
}
