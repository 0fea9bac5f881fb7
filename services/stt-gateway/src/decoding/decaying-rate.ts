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

/** Mean of recent values; without new ones it goes back to 0. */
export class DecayingMean {
  readonly #memoryMs: number;
  #sum = 0;
  #weight = 0;
  #atMs = 0;

  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  add(value: number, nowMs: number): void {
    this.#decay(nowMs);
    this.#sum += value;
    this.#weight += 1;
  }

  /** As if a 0 were always among them. */
  at(nowMs: number): number {
    this.#decay(nowMs);
    return this.#sum / (this.#weight + 1);
  }

  #decay(nowMs: number): void {
    const factor = Math.exp(-(nowMs - this.#atMs) / this.#memoryMs);
    this.#sum *= factor;
    this.#weight *= factor;
    this.#atMs = nowMs;
  }
}
