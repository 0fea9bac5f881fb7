interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** How much of the continuation repeats what was said. */
type Match =
  | { readonly type: 'none' }
  /** More text decides. */
  | { readonly type: 'open' }
  | { readonly type: 'repeats'; readonly words: number };

/** Repeated words that count for a repetition where a sentence had ended: a new sentence may well begin with the last word. */
const WORDS_AFTER_SENTENCE = 3;
/** A shorter piece at the end is more likely a word of its own ("de") than the beginning of the next ("demain"). */
const SHORTEST_CUT_WORD = 4;

export interface JointOptions {
  /** The continuation comes from a wire that goes on at the last letter, so nothing is put between. */
  readonly exact: boolean;
}

/**
 * Joins an answer that broke off and its continuation by another model: whatever the beginning of the one repeats of the end
 * of the other is left out (also a word that was cut in two), and one space stands where one belongs. It holds back
 * no more than what may still turn out to be a repetition, so at most the words already said.
 */
export class Joint {
  readonly #said: string;
  readonly #words: readonly Word[];
  readonly #exact: boolean;
  #held = '';
  #joined = false;

  constructor(said: string, { exact }: JointOptions) {
    this.#said = said;
    this.#words = wordsOf(said);
    this.#exact = exact;
  }

  /** Takes the next text of the continuation. @returns what is to be said of all so far */
  push(text: string): string {
    if (this.#joined) return text;
    this.#held += text;
    return this.#join(false);
  }

  /** No more text comes, or something that is no text. @returns what was held back and is to be said */
  end(): string {
    return this.#joined ? '' : this.#join(true);
  }

  #join(ended: boolean): string {
    // Such a wire may give its beginning back, to the letter.
    const echo = this.#exact && this.#held.startsWith(this.#said);
    if (!echo && !ended && this.#exact && this.#said.startsWith(this.#held)) return '';
    if (echo) {
      this.#joined = true;
      return this.#held.slice(this.#said.length);
    }
    const match = this.#match(ended);
    if (match.type === 'open') return '';
    this.#joined = true;
    if (match.type === 'none') return this.#spaced(this.#held);
    return this.#rest(match.words);
  }

  /** The longest end of what was said that the continuation begins with. */
  #match(ended: boolean): Match {
    const heard = wordsOf(this.#held);
    const last = heard.at(-1);
    // A word at the very end may still grow.
    const isGrowing = !ended && last?.end === this.#held.length;
    if (heard.length === 0 && !ended) return { type: 'open' };
    for (let from = 0; from < this.#words.length; from += 1) {
      const count = this.#words.length - from;
      const compared = Math.min(count, heard.length);
      if (!this.#agrees(from, heard.slice(0, compared), isGrowing && compared === heard.length)) continue;
      const isWhole = heard.length > count || (heard.length === count && !isGrowing);
      if (isWhole && this.#counts(from, heard[count - 1])) return { type: 'repeats', words: count };
      // It says again what was said, and stops before it gets further.
      if (!isWhole && ended && heard.length >= WORDS_AFTER_SENTENCE) return { type: 'repeats', words: heard.length };
      if (!isWhole && !ended) return { type: 'open' };
    }
    return { type: 'none' };
  }

  #agrees(from: number, heard: readonly Word[], isGrowing: boolean): boolean {
    return heard.every(({ text }, at) => {
      const said = this.#words[from + at];
      if (!said) return false;
      if (said.text === text) return true;
      if (isGrowing && at === heard.length - 1 && said.text.startsWith(text)) return true;
      return this.#isCut(said) && text.startsWith(said.text);
    });
  }

  /** The last word ends where the text ends, so it may be half of one. */
  #isCut(word: Word): boolean {
    return word.end === this.#said.length;
  }

  /** Whether a repetition from that word on is one, and no coincidence. */
  #counts(from: number, last: Word | undefined): boolean {
    const count = this.#words.length - from;
    const lastSaid = this.#words.at(-1);
    if (count === 1 && lastSaid && last && last.text !== lastSaid.text && lastSaid.text.length < SHORTEST_CUT_WORD)
      return false;
    if (from === 0 && count > 1) return true;
    if (endsSentence(this.#said)) return count >= WORDS_AFTER_SENTENCE;
    return count > 1 || !this.#exact;
  }

  /** The continuation behind its first `count` words, which were said before. */
  #rest(count: number): string {
    const heard = wordsOf(this.#held)[count - 1];
    const said = this.#words.at(-1);
    if (!heard || !said) return this.#held;
    if (this.#isCut(said) && heard.text !== said.text && heard.text.startsWith(said.text))
      return this.#held.slice(heard.start + said.text.length);
    const rest = this.#held.slice(heard.end);
    // What stood behind the word is not said twice either.
    const tail = this.#said.slice(said.end).trim();
    const behind = tail !== '' && rest.trimStart().startsWith(tail) ? rest.trimStart().slice(tail.length) : rest;
    return this.#spaced(behind);
  }

  /** One space where two words, or two sentences, would touch; none where there are two. */
  #spaced(text: string): string {
    if (/\s$/u.test(this.#said)) return text.replace(/^\s+/u, '');
    const touches = /^[\p{L}\p{N}«“"(]/u.test(text);
    if (!touches) return text;
    if (endsSentence(this.#said)) return ` ${text}`;
    if (this.#exact) return text;
    return /[\p{L}\p{N},;:»”)%€]$/u.test(this.#said) ? ` ${text}` : text;
  }
}

/** True when a text ends with a whole sentence. */
export function endsSentence(text: string): boolean {
  return /[.!?…][»”")\s]*$/u.test(text);
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)].map((match) => ({
    text: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }));
}
