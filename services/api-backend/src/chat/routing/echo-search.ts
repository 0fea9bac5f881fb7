/**
 * Finds where in a text a beginning may stand that comes piece by piece, and how much of it the text ends with; the search
 * of Knuth, Morris and Pratt with a pattern that grows, so linear in both however often they repeat themselves.
 */
export class EchoSearch {
  readonly #text: ArrayLike<string>;
  readonly #heard: string[] = [];
  /** Of each beginning of what was heard: how much of its end it begins with itself. */
  readonly #borders: number[] = [];
  #at = 0;
  #matched = 0;

  /** @param text words, or letters */
  constructor(text: ArrayLike<string>) {
    this.#text = text;
  }

  /** Takes the next word, or letter. */
  push(next: string): void {
    let border = this.#borders.at(-1) ?? 0;
    while (border > 0 && this.#heard[border] !== next) border = this.#shorter(border);
    if (this.#heard.length > 0 && this.#heard[border] === next) border += 1;
    this.#heard.push(next);
    this.#borders.push(border);
    while (!this.isOver && this.#matched < this.#heard.length) {
      if (this.#text[this.#at] === this.#heard[this.#matched]) {
        this.#at += 1;
        this.#matched += 1;
      } else if (this.#matched > 0) this.#matched = this.#shorter(this.#matched);
      else this.#at += 1;
    }
  }

  /** The text stands no longer anywhere in it, or up to its end: what comes changes nothing. */
  get isOver(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The first place where it may stand. */
  get start(): number {
    return this.#at - this.#matched;
  }

  /** Once it is over: how much of what was heard the text ends with, the most first, 0 last. */
  *overlaps(): Generator<number> {
    let matched = this.#matched;
    yield matched;
    while (matched > 0) yield (matched = this.#shorter(matched));
  }

  #shorter(matched: number): number {
    return this.#borders[matched - 1] ?? 0;
  }
}
