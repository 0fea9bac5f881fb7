/** Voices remembered; the one not heard for longest is forgotten first. */
const MAX_VOICES = 256;
/** Sentences remembered of each. */
const MAX_SENTENCES = 16;

interface Known {
  /** Of whole sentences, LUFS, oldest first. */
  readonly sentences: readonly number[];
  /** Of the sentence being spoken, while there is no whole one. */
  readonly hint?: number;
}

/** How loud each voice is before it is levelled, learned from its sentences, so that the next one starts at the right level. */
export class LoudnessMemory {
  readonly #voices = new Map<string, Known>();

  /** A whole sentence has been heard. @param lufs integrated loudness as the provider made it */
  learn(voiceKey: string, lufs: number): void {
    if (!Number.isFinite(lufs)) return;
    const before = this.#voices.get(voiceKey)?.sentences ?? [];
    this.#put(voiceKey, { sentences: [...before, lufs].slice(-MAX_SENTENCES) });
  }

  /** What is known in the middle of a voice's first sentence: a second sentence may begin before the first has ended. */
  hint(voiceKey: string, lufs: number): void {
    const known = this.#voices.get(voiceKey);
    if (Number.isFinite(lufs) && !known?.sentences.length) this.#put(voiceKey, { sentences: [], hint: lufs });
  }

  /** Loudness to expect of the voice, LUFS: the mean of its sentences without the outer quarters; undefined for a new voice. */
  expected(voiceKey: string): number | undefined {
    const known = this.#voices.get(voiceKey);
    if (!known) return undefined;
    if (known.sentences.length === 0) return known.hint;
    const sorted = known.sentences.toSorted((a, b) => a - b);
    const outer = Math.floor(sorted.length / 4);
    const inner = sorted.slice(outer, sorted.length - outer);
    return inner.reduce((sum, lufs) => sum + lufs, 0) / inner.length;
  }

  #put(voiceKey: string, known: Known): void {
    // A Map keeps the order of insertion: the oldest is the first.
    this.#voices.delete(voiceKey);
    this.#voices.set(voiceKey, known);
    const oldest = this.#voices.keys().next();
    if (this.#voices.size > MAX_VOICES && !oldest.done) this.#voices.delete(oldest.value);
  }
}
