interface Piece {
  readonly start: number;
  readonly pcm: Buffer;
}

/**
 * The last seconds of audio that no final text covers yet, kept so that a new connection can be given it again.
 * Drop policy `drop-oldest`: what was said last matters most to somebody who waits for an answer.
 */
export class AudioRing {
  readonly #maxSamples: number;
  readonly #pieces: Piece[] = [];
  #end = 0;
  #droppedSamples = 0;

  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  /** Sample index one past the last one pushed. */
  get end(): number {
    return this.#end;
  }

  /** Samples lost to the drop policy so far. */
  get droppedSamples(): number {
    return this.#droppedSamples;
  }

  /** Appends s16le mono samples. */
  push(pcm: Buffer): void {
    this.#pieces.push({ start: this.#end, pcm });
    this.#end += pcm.length / 2;
    while (this.#pieces.length > 1 && this.#end - this.#start() > this.#maxSamples) {
      this.#droppedSamples += (this.#pieces.shift() as Piece).pcm.length / 2;
    }
  }

  /** Everything before `sample` has its final text and need not be sent again. */
  acknowledge(sample: number): void {
    for (let piece = this.#pieces[0]; piece && piece.start + piece.pcm.length / 2 <= sample; piece = this.#pieces[0]) {
      this.#pieces.shift();
    }
    const [first] = this.#pieces;
    if (first && first.start < sample)
      this.#pieces[0] = { start: sample, pcm: first.pcm.subarray((sample - first.start) * 2) };
  }

  /** What is held, oldest first, and the index of its first sample. */
  held(): { readonly start: number; readonly pieces: readonly Buffer[] } {
    return { start: this.#start(), pieces: this.#pieces.map((piece) => piece.pcm) };
  }

  #start(): number {
    return this.#pieces[0]?.start ?? this.#end;
  }
}
