interface Chunk {
  readonly start: number;
  readonly samples: Int16Array;
}

/**
 * The recent audio of one stream, addressed by absolute sample position. Drop policy: beyond `maxSamples` the oldest
 * goes, because text about what was said last is worth more than text about what was said first.
 */
export class Timeline {
  readonly #maxSamples: number;
  readonly #chunks: Chunk[] = [];
  #end = 0;
  #held = 0;

  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  /** Position after the newest sample = samples received in all. */
  get end(): number {
    return this.#end;
  }

  /** Position of the oldest sample held. */
  get start(): number {
    return this.#chunks[0]?.start ?? this.#end;
  }

  /** Samples held now. */
  get held(): number {
    return this.#held;
  }

  /** @returns how many samples the drop policy took */
  append(samples: Int16Array): number {
    if (samples.length === 0) return 0;
    this.#chunks.push({ start: this.#end, samples });
    this.#end += samples.length;
    this.#held += samples.length;
    const before = this.#held;
    while (this.#held > this.#maxSamples && this.#chunks.length > 1) this.#dropFirst();
    return before - this.#held;
  }

  /** Lets go of what lies before `position`, by whole chunks. */
  trimBefore(position: number): void {
    for (let first = this.#chunks[0]; first; first = this.#chunks[0]) {
      if (first.start + first.samples.length > position) return;
      this.#dropFirst();
    }
  }

  /** A copy of `from`..`to` (exclusive), less what is no longer held. */
  slice(from: number, to: number): Int16Array<ArrayBuffer> {
    const start = Math.max(from, this.start);
    const out = new Int16Array(Math.max(0, Math.min(to, this.#end) - start));
    // From the end, because what is asked for most is what has just come.
    for (let index = this.#chunks.length - 1; index >= 0; index -= 1) {
      const chunk = this.#chunks[index] as Chunk;
      const first = Math.max(start, chunk.start);
      const last = Math.min(start + out.length, chunk.start + chunk.samples.length);
      if (first < last) out.set(chunk.samples.subarray(first - chunk.start, last - chunk.start), first - start);
      if (chunk.start <= start) break;
    }
    return out;
  }

  #dropFirst(): void {
    this.#held -= this.#chunks.shift()?.samples.length ?? 0;
  }
}
