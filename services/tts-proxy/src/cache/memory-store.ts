/** What an entry takes besides its samples: key, map entry, array header. */
const ENTRY_BYTES = 256;

/** Sound kept in memory, at most so many bytes; drop policy: what has not been heard for longest goes first. */
export class MemoryStore {
  readonly #maxBytes: number;
  /** In the order of last use, oldest first. */
  readonly #entries = new Map<string, Int16Array>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: string): Int16Array | undefined {
    const samples = this.#entries.get(id);
    if (!samples) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, samples);
    return samples;
  }

  /** Keeps the samples themselves, not a copy. One that is larger than the whole store is not kept. */
  set(id: string, samples: Int16Array): void {
    this.delete(id);
    const bytes = sizeOf(samples);
    if (bytes > this.#maxBytes) return;
    this.#entries.set(id, samples);
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(id: string): void {
    const samples = this.#entries.get(id);
    if (!samples) return;
    this.#entries.delete(id);
    this.#bytes -= sizeOf(samples);
  }
}

const sizeOf = (samples: Int16Array) => samples.byteLength + ENTRY_BYTES;
