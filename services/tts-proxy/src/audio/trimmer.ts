/** 5 ms at 24 kHz: the grain of everything done here. */
export const BLOCK_SAMPLES = 120;
/** Silence kept before the first sound, so that a soft consonant is not cut: 15 ms. */
const LEAD_BLOCKS = 3;
/** Longest pause inside a sentence: 2 s. The middle of a longer one is dropped. */
const MAX_PAUSE_BLOCKS = 400;
/** A block with a peak under this is silence whatever the noise (-66 dB of full scale), 1 = full scale. */
const SILENT = 0.0005;
/** A block with a peak over this is sound whatever the noise (-46 dB). */
const AUDIBLE = 0.005;
/** Between the two, sound is what stands out of the quietest block so far by so much (10 dB). */
const OVER_NOISE = 3;

/**
 * Takes the silence off the front of a sentence and off its end. Silence inside it is held until it is known which of the
 * two it is.
 */
export class Trimmer {
  readonly #trailingBlocks: number;
  #noise = Infinity;
  #hasStarted = false;
  /** Before the sound: its lead. After it: silence, of which the first `trailingBlocks` have been given out. */
  #held: Float32Array[] = [];
  #silentBlocks = 0;

  /** @param trailingMs silence that is passed on after sound before it is held back */
  constructor(trailingMs: number) {
    this.#trailingBlocks = Math.ceil(trailingMs / 5);
  }

  /** Silence that has been given out since the last sound, in blocks of 5 ms. */
  get trailing(): number {
    return Math.min(this.#silentBlocks, this.#trailingBlocks);
  }

  /** Whether the last block was sound. */
  get isInSound(): boolean {
    return this.#hasStarted && this.#silentBlocks === 0;
  }

  /** Takes one block (1 = full scale) and gives those that are to be heard now. */
  push(block: Float32Array): readonly Float32Array[] {
    let peak = 0;
    for (const sample of block) peak = Math.max(peak, Math.abs(sample));
    this.#noise = Math.min(this.#noise, peak);
    if (peak > Math.min(AUDIBLE, Math.max(SILENT, this.#noise * OVER_NOISE))) {
      const ready = [...this.#held, block];
      this.#held = [];
      this.#silentBlocks = 0;
      this.#hasStarted = true;
      return ready;
    }
    if (this.#hasStarted) {
      this.#silentBlocks += 1;
      if (this.#silentBlocks <= this.#trailingBlocks) return [block];
    }
    this.#held.push(block);
    if (this.#held.length > (this.#hasStarted ? MAX_PAUSE_BLOCKS : LEAD_BLOCKS)) this.#held.shift();
    return [];
  }
}
