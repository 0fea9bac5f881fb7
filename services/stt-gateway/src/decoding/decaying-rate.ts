/** Several utterances of a conversation. */
export const RATE_MEMORY_MS = 20_000;

/** Events per second, the recent ones counting most. */
export class DecayingRate {
  /** After so long an event counts for 1/e, ms. */
  readonly #memoryMs: number;
  #count = 0;
  #atMs = 0;

  constructor(memoryMs = RATE_MEMORY_MS) {
    this.#memoryMs = memoryMs;
  }

  add(nowMs: number): void {
    this.#decay(nowMs);
    this.#count += 1;
  }

  perS(nowMs: number): number {
    this.#decay(nowMs);
    return (this.#count * 1000) / this.#memoryMs;
  }

  #decay(nowMs: number): void {
    this.#count *= Math.exp(-(nowMs - this.#atMs) / this.#memoryMs);
    this.#atMs = nowMs;
  }
}
