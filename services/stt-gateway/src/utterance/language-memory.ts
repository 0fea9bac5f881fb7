/** What one final decode says of the language. */
export interface LanguageEvidence {
  /** The engine's verdict, a code. */
  readonly language: string | undefined;
  readonly words: number;
  /** 0..1, of the words. */
  readonly confidence: number;
}

/** One final of so many words, as certain as this, settles it; a lone "ok" is many languages. */
const SURE_WORDS = 3;
const SURE_CONFIDENCE = 0.7;
/** Less certain than this a final is no evidence, and evidence that the settled language may be wrong. */
const POOR_CONFIDENCE = 0.45;
const AGREEING_FINALS = 2;
const POOR_FINALS = 3;

/**
 * The language of a session: given, or found out by the engine and kept once it is sure, because detection costs time
 * and errs on short utterances. Several poor finals in a row open it again: another speaker, another language.
 */
export class LanguageMemory {
  readonly #fixed: string | undefined;
  #settled: string | undefined;
  #candidate: string | undefined;
  #agreeing = 0;
  #poor = 0;

  /** @param fixed as the client gave it; undefined = found out */
  constructor(fixed: string | undefined) {
    this.#fixed = fixed;
  }

  /** What to decode in; undefined = the engine shall find out. */
  get current(): string | undefined {
    return this.#fixed ?? this.#settled;
  }

  /** Takes note of a final that came to some words. */
  learn({ language, words, confidence }: LanguageEvidence): void {
    if (this.#fixed !== undefined || words === 0) return;
    const poor = confidence < POOR_CONFIDENCE;
    if (this.#settled !== undefined) {
      this.#poor = poor ? this.#poor + 1 : 0;
      if (this.#poor >= POOR_FINALS) this.#open();
      return;
    }
    if (poor || language === undefined) return;
    this.#agreeing = language === this.#candidate ? this.#agreeing + 1 : 1;
    this.#candidate = language;
    if (this.#agreeing >= AGREEING_FINALS || (words >= SURE_WORDS && confidence >= SURE_CONFIDENCE))
      this.#settled = language;
  }

  #open(): void {
    this.#settled = undefined;
    this.#candidate = undefined;
    this.#agreeing = 0;
    this.#poor = 0;
  }
}
