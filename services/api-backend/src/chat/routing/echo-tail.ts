/** Follows a continuation that has repeated the last word through whatever was said behind that word. Ignores spaces. */
export class EchoTail {
  readonly #said: string;
  readonly #spaces: string;
  #at: number;
  /** Spaces behind what was repeated. */
  #gap = '';

  /** @param at where the tail begins */
  constructor(said: string, at: number) {
    this.#said = said;
    this.#spaces = spacesAtEnd(said);
    this.#at = at;
    this.#pass();
  }

  /** The whole tail has been repeated. */
  get isWhole(): boolean {
    return this.#at === this.#said.length;
  }

  /** @returns what is new, once that is known */
  push(text: string): string | undefined {
    for (let at = 0; at < text.length; at += 1) {
      const letter = text.charAt(at);
      const isSpace = /\s/u.test(letter);
      if (isSpace && !(this.isWhole && this.#spaces === '')) this.#gap += letter;
      else if (!isSpace && !this.isWhole && isSame(letter, this.#said.charAt(this.#at))) {
        this.#gap = '';
        this.#at += 1;
        this.#pass();
      } else return behindSpaces(this.#spaces, this.#gap) + text.slice(at);
    }
    return undefined;
  }

  #pass(): void {
    while (!this.isWhole && /\s/u.test(this.#said.charAt(this.#at))) this.#at += 1;
  }
}

export const spacesAtEnd = (text: string): string => text.slice(text.trimEnd().length);

/** The spaces of a continuation that are still to be said where some were; an indentation is no repetition of a line's end. */
export function behindSpaces(said: string, spaces: string): string {
  if (spaces.startsWith(said)) return spaces.slice(said.length);
  return said.includes('\n') === spaces.includes('\n') ? '' : spaces;
}

const QUOTES = ["'’", '"“”«»'];
const isSame = (one: string, other: string): boolean =>
  one === other || QUOTES.some((quotes) => quotes.includes(one) && quotes.includes(other));
