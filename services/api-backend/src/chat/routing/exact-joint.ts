import { EchoSearch } from './echo-search.ts';
import { wordsOf } from './words.ts';

/** So much of what was said, said again to the letter, is no coincidence… */
const LONG_CHARACTERS = 30;
const LONG_WORDS = 6;
/** …but for a line of dashes, or a number with many twelves. */
const DIFFERENT_WORDS = 3;

/**
 * For a wire that goes on at the last letter: what comes is what is said, but for all of what was said given back, or a long
 * end of it, to the letter. It holds back only what repeats such an end.
 */
export class ExactJoint {
  readonly #said: string;
  readonly #search: EchoSearch;
  /** The last place where a long repetition may begin. */
  readonly #lastStart: number;
  #held = '';
  #joined = false;

  constructor(said: string) {
    this.#said = said;
    this.#search = new EchoSearch(said);
    this.#lastStart = Math.max(said.length - LONG_CHARACTERS, wordsOf(said).at(-LONG_WORDS)?.start ?? -1);
  }

  push(text: string): string {
    if (this.#joined) return text;
    this.#held += text;
    for (let at = 0; at < text.length; at += 1) {
      this.#search.push(text.charAt(at));
      const { start, isOver } = this.#search;
      const isLate = start > this.#lastStart && start > 0;
      if (isOver || isLate) return this.#join(isLate ? 0 : this.#said.length - start);
    }
    return '';
  }

  end(): string {
    // It said again what was said, and stopped before it got further.
    return this.#joined ? '' : this.#join(this.#held.length);
  }

  /** @param repeated characters of the beginning that were said */
  #join(repeated: number): string {
    this.#joined = true;
    const isWhole = repeated > 0 && repeated === this.#said.length;
    return isWhole || isLong(this.#held.slice(0, repeated)) ? this.#held.slice(repeated) : this.#held;
  }
}

function isLong(text: string): boolean {
  const words = wordsOf(text);
  const different = new Set(words.map((word) => word.text).filter((word) => /\p{L}/u.test(word)));
  return (text.length >= LONG_CHARACTERS || words.length >= LONG_WORDS) && different.size >= DIFFERENT_WORDS;
}
