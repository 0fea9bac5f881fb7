import { EchoSearch } from './echo-search.ts';
import { behindSpaces, EchoTail, spacesAtEnd } from './echo-tail.ts';
import { endsSentence, lastWords } from './said-end.ts';
import { WordReader, wordsOf, type Word } from './words.ts';

/** How much of the continuation repeats what was said. */
type Match =
  | { readonly type: 'none' }
  /** More text decides. */
  | { readonly type: 'open' }
  /** It ended before it got further. */
  | { readonly type: 'all' }
  | { readonly type: 'words'; readonly count: number };

type State =
  | { readonly type: 'words' }
  | { readonly type: 'tail'; readonly tail: EchoTail }
  | { readonly type: 'joined' };

/** Repeated words that count for a repetition where a sentence had ended: a new sentence may well begin with the last word. */
const WORDS_AFTER_SENTENCE = 3;
/** A shorter piece at the end is more likely a word of its own ("de") than the beginning of the next ("demain"). */
const SHORTEST_CUT_WORD = 4;
/** Nobody waits longer for the first word behind dashes and brackets. */
const MOST_SIGNS = 64;
/** Signs that close something, so what begins with them goes on and repeats nothing. */
const GOES_ON = /[,;:.!?)\]}»”%]/u;
const DOTS = /^(?:…|\.{2,})$/u;

/**
 * For a model that was told to begin with the last words: these, or more of what was said, are left out, also a word that was
 * cut in two; one space stands where one belongs. Words are compared without what stands between them. It holds back only
 * what may still turn out to be a repetition.
 */
export class ToldJoint {
  readonly #said: string;
  readonly #words: readonly Word[];
  /** What it was told to begin with. */
  readonly #told: string;
  readonly #toldWords: number;
  /** Looks for all words but the last, which may be half a word. */
  readonly #search: EchoSearch;
  readonly #reader = new WordReader();
  readonly #heard: Word[] = [];
  #held = '';
  #state: State = { type: 'words' };

  constructor(said: string) {
    this.#said = said;
    this.#words = wordsOf(said);
    this.#told = lastWords(said);
    this.#toldWords = wordsOf(this.#told).length;
    this.#search = new EchoSearch(this.#words.slice(0, -1).map(({ text }) => text));
  }

  push(text: string): string {
    if (this.#state.type === 'joined') return text;
    if (this.#state.type === 'tail') return this.#follow(this.#state.tail, text);
    this.#held += text;
    this.#hear(this.#reader.push(text));
    return this.#join(this.#match(false));
  }

  end(): string {
    if (this.#state.type !== 'words') return '';
    this.#hear(this.#reader.end());
    return this.#join(this.#match(true));
  }

  #hear(words: readonly Word[]): void {
    for (const word of words) {
      this.#heard.push(word);
      this.#search.push(word.text);
    }
  }

  #join(match: Match): string {
    if (match.type === 'open') return '';
    this.#state = { type: 'joined' };
    if (match.type === 'all') return '';
    if (match.type === 'none') return this.#withoutTail() ?? this.#spaced(this.#held);
    const [heard, said] = [this.#heard[match.count - 1], this.#words.at(-1)];
    if (!heard || !said) return this.#held;
    if (heard.text !== said.text) return this.#held.slice(heard.start + said.end - said.start);
    return this.#follow(new EchoTail(this.#said, said.end), this.#held.slice(heard.end));
  }

  /** What stood behind the last word is not said twice either. */
  #follow(tail: EchoTail, text: string): string {
    const rest = tail.push(text);
    this.#state = rest === undefined ? { type: 'tail', tail } : { type: 'joined' };
    return rest ?? '';
  }

  /** It may begin with no word, but with the signs behind the last, or the last of these. */
  #withoutTail(): string | undefined {
    const from = this.#words.at(-1)?.end ?? 0;
    let last = this.#said.trimEnd().length;
    while (last > from && /\S/u.test(this.#said.charAt(last - 1))) last -= 1;
    for (const start of new Set([from, last])) {
      const tail = new EchoTail(this.#said, start);
      if (tail.isWhole) return undefined;
      const rest = tail.push(this.#held);
      // More of the same sign goes on: "wait." and "..".
      const isRun = rest?.startsWith(this.#said.trimEnd().slice(-1)) === true;
      if (tail.isWhole && !isRun) return rest;
    }
    return undefined;
  }

  #match(ended: boolean): Match {
    if (this.#heard.length === 0 && !ended) return this.#mayBegin() ? { type: 'open' } : { type: 'none' };
    if (!ended && this.#isAsToldSoFar()) return { type: 'open' };
    const stops = ended && this.#heard.length >= WORDS_AFTER_SENTENCE;
    if (!this.#search.isOver) return ended ? { type: stops ? 'all' : 'none' } : { type: 'open' };
    let longest: number | undefined;
    for (const overlap of this.#search.overlaps()) {
      const next = this.#heard[overlap];
      if (!next && !ended) return { type: 'open' };
      if (!next && stops) return { type: 'all' };
      if (!next || !this.#isEcho(overlap + 1, next)) continue;
      longest ??= overlap + 1;
      // Where the end of what was said repeats itself, it has begun with as much as it was told to.
      if (overlap + 1 === this.#toldWords) return { type: 'words', count: overlap + 1 };
    }
    return longest === undefined ? { type: 'none' } : { type: 'words', count: longest };
  }

  /** It repeats what it was told to begin with, to the letter, of which not all has come. */
  #isAsToldSoFar(): boolean {
    return this.#held.length < this.#told.length && this.#told.startsWith(this.#held);
  }

  /** Before the first word is whole: some word that was said may become of it. */
  #mayBegin(): boolean {
    const growing = this.#reader.growing;
    if (growing === '') return this.#held.length <= MOST_SIGNS;
    const last = this.#words.at(-1);
    const isLonger = last !== undefined && this.#isCut(last) && growing.startsWith(last.text);
    return isLonger || this.#words.some(({ text }) => text.startsWith(growing));
  }

  /** The last word ends where the text ends, so it may be half of one. */
  #isCut(word: Word): boolean {
    return word.end === this.#said.length;
  }

  /** Whether that many words are a repetition, the last of them `word`, and no coincidence. */
  #isEcho(count: number, word: Word): boolean {
    const last = this.#words.at(-1);
    if (!last) return false;
    const isSame = word.text === last.text;
    if (!isSame && !(this.#isCut(last) && word.text.startsWith(last.text))) return false;
    const from = this.#words.length - count;
    if (!this.#beginsAt(from)) return false;
    if (from === 0 && count > 1) return true;
    if (count === this.#toldWords && this.#held.startsWith(this.#told)) return true;
    if (endsSentence(this.#said)) return count >= WORDS_AFTER_SENTENCE;
    return count > 1 || from === 0 || isSame || this.#signs !== '' || this.#isHalf(last);
  }

  /** No word of its own, but for a coincidence: "entre", "1", "d" (but not of "it's"). */
  #isHalf({ text, start }: Word): boolean {
    if (text.length >= SHORTEST_CUT_WORD || /\p{N}$/u.test(text)) return true;
    return /^[^aeiouyàôé]$/u.test(text) && !/['’]/u.test(this.#said.charAt(start - 1));
  }

  /** What stands before the first word. */
  get #signs(): string {
    return this.#held.slice(0, this.#heard[0]?.start).replaceAll(/\s/gu, '');
  }

  /** Signs before the first word repeat those that were said there, or are none that go on with the last one. */
  #beginsAt(from: number): boolean {
    const signs = this.#signs;
    if (!GOES_ON.test(signs) || DOTS.test(signs)) return true;
    const start = this.#words[from]?.start ?? 0;
    const before = this.#said.slice(Math.max(0, start - MOST_SIGNS), start);
    return before.replaceAll(/\s/gu, '').endsWith(signs);
  }

  /** One space where two words, or two sentences, would touch; none where there are two. */
  #spaced(text: string): string {
    const spaces = spacesAtEnd(this.#said);
    const rest = text.trimStart();
    if (spaces !== '') return behindSpaces(spaces, text.slice(0, text.length - rest.length)) + rest;
    const end = this.#said.slice(-MOST_SIGNS);
    if (!/^[\p{L}\p{N}«“"(]/u.test(text) || isNumberCut(end, text)) return text;
    return /(?:[\p{L}\p{N},;:»”)%€]|[.!?…][»”")]*)$/u.test(end) ? ` ${text}` : text;
  }
}

/** "3," and "50", but not "1, 2," and "3". */
const isNumberCut = (end: string, text: string): boolean =>
  /^\p{N}/u.test(text) && /\p{N}[.,]$/u.test(end) && !/\p{N},\s+\p{N}+,$/u.test(end);
