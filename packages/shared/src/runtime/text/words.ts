// oxlint-disable-next-line typescript/triple-slash-reference -- types of a package that has none, for every program this file is part of
/// <reference path="./snowball-stemmers.d.ts" />
import type { Language } from '../../contracts/ids.ts';
import { newStemmer, type Stemmer } from 'snowball-stemmers';
import { STOP_WORDS } from './stop-words.ts';

/** A word or number of a text, and where it stands in it. */
export interface Token {
  /** In lower case, without accents, `œ` as `oe`. */
  readonly text: string;
  readonly raw: string;
  readonly start: number;
  readonly end: number;
}

/** A text in lower case without accents: what a recogniser and a model may write differently. */
export function fold(text: string): string {
  return text.toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, '').replaceAll('œ', 'oe').replaceAll('æ', 'ae');
}

/** Thousands may be set apart by a space. */
const WORD = /\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\p{L}\p{N}])|[\p{L}\p{N}\p{M}]+/gu;

/** The words of a text, in order; punctuation and apostrophes separate, `12 000` is one. */
export function tokensOf(text: string): Token[] {
  return [...text.matchAll(WORD)].map((match) => ({
    text: fold(match[0]).replaceAll(/\s/g, ''),
    raw: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

const stemmers: Record<Language, Stemmer> = { fr: newStemmer('french'), en: newStemmer('english') };

/** A stemmer takes 20 µs a word, and those of a meeting come again and again. What is full is begun anew; no word is so long. */
const MAX_STEMS = 20_000;
const MAX_LETTERS = 40;
const stems: Record<Language, Map<string, string>> = { fr: new Map(), en: new Map() };

/** What a word shares with its other forms. */
export function stemOf(word: string, language: Language): string {
  const plain = word.toLowerCase().normalize('NFC');
  const known = stems[language].get(plain);
  if (known !== undefined) return known;
  const stem = fold(stemmers[language].stem(plain));
  if (plain.length > MAX_LETTERS) return stem;
  if (stems[language].size >= MAX_STEMS) stems[language].clear();
  stems[language].set(plain, stem);
  return stem;
}

/** Words that say what a text is about: no articles, pronouns, light verbs. */
export function isContent(token: Token, language: Language): boolean {
  return !STOP_WORDS[language].has(token.text) && (token.text.length > 2 || /^\p{Lu}{2}$/u.test(token.raw));
}

/** Words as they can be asked for: is this one, or another form of it, among them? */
export class WordBag {
  readonly #language: Language;
  readonly #words = new Set<string>();
  readonly #stems = new Set<string>();
  /** Beginnings of long words: a noun and its verb mostly share them. */
  readonly #beginnings = new Set<string>();
  /** Written in small letters somewhere: no names. */
  readonly #ordinary = new Set<string>();

  constructor(texts: Iterable<string>, language: Language) {
    this.#language = language;
    for (const text of texts) for (const token of tokensOf(text)) this.#add(token);
  }

  /** The very word, whatever its case and accents. */
  has(token: Token): boolean {
    return this.#words.has(token.text);
  }

  /** The word, or another form of it. */
  hasForm(token: Token): boolean {
    if (this.has(token) || this.#stems.has(stemOf(token.raw, this.#language))) return true;
    return token.text.length > BEGINNING && this.#beginnings.has(token.text.slice(0, BEGINNING));
  }

  /** Somebody uses it, or a form of it, as an ordinary word. */
  isOrdinary(token: Token): boolean {
    return this.#ordinary.has(token.text) || this.#ordinary.has(stemOf(token.raw, this.#language));
  }

  #add(token: Token): void {
    const stem = stemOf(token.raw, this.#language);
    this.#words.add(token.text);
    this.#stems.add(stem);
    if (token.text.length > BEGINNING) this.#beginnings.add(token.text.slice(0, BEGINNING));
    if (!/^\p{Lu}/u.test(token.raw)) this.#ordinary.add(token.text).add(stem);
  }
}

const BEGINNING = 6;

/** Stems of the words that say what a text is about. */
export function contentStems(text: string, language: Language): Set<string> {
  return new Set(
    tokensOf(text)
      .filter((token) => isContent(token, language))
      .map((token) => stemOf(token.raw, language)),
  );
}
