/** A run of letters and digits in a text. */
export interface Word {
  /** In small letters. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The words of a text, in order. */
export function wordsOf(text: string): Word[] {
  return [...text.matchAll(WORD)].map(toWord);
}

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const toWord = ({ 0: text, index }: RegExpExecArray): Word => ({
  text: text.toLowerCase(),
  start: index,
  end: index + text.length,
});

/** Longer ones are none (a script without spaces), so nobody waits for their end. */
const LONGEST_WORD = 40;

/** The words of a text that comes in pieces: each once it is whole. Looks at every letter once. */
export class WordReader {
  /** What may still belong to the next word. */
  #open = '';
  #offset = 0;

  /** @returns the words that became whole */
  push(text: string): Word[] {
    this.#open += text;
    return this.#take(false);
  }

  /** No more comes. @returns the last word */
  end(): Word[] {
    return this.#take(true);
  }

  /** Letters of a word that may still grow. */
  get growing(): string {
    return this.#open.toLowerCase();
  }

  #take(ended: boolean): Word[] {
    const words: Word[] = [];
    let rest = this.#open.length;
    for (const { text, start, end } of wordsOf(this.#open)) {
      const mayGrow = end === this.#open.length && end - start < LONGEST_WORD && !ended;
      if (mayGrow) rest = start;
      else words.push({ text, start: this.#offset + start, end: this.#offset + end });
    }
    this.#offset += rest;
    this.#open = this.#open.slice(rest);
    return words;
  }
}
