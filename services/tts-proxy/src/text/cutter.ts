import { clauseEnd } from './clause-end.ts';
import { isSentenceMark, lineEnd, sentenceEnd, type Reading, type Verdict } from './sentence-end.ts';

export interface CutterOptions {
  /** The first piece may end at a comma once it has so many characters: less would be torn from its sentence. */
  readonly firstClauseMinChars?: number;
  /** A first piece that goes on for so long is cut wherever a voice may breathe. */
  readonly firstPieceMaxChars?: number;
  /** Shorter sentences ("Oui.") are spoken with the next: two requests for three words sound torn. Not so the first. */
  readonly sentenceMinChars?: number;
  /** The same limit as `firstPieceMaxChars` for all that follow. */
  readonly pieceMaxChars?: number;
}

const defaults = { firstClauseMinChars: 20, firstPieceMaxChars: 120, sentenceMinChars: 16, pieceMaxChars: 260 };

/** Seen past the longest piece before it is cut by force, so that what follows the cut is always known. */
const FORCED_LOOKAHEAD_CHARS = 40;
/** A forced cut gives at least so much, if it can. */
const FORCED_MIN_CHARS = 24;
/**
 * Longest run without a letter or a digit that is kept to be joined to the words after it. What is beyond is dropped:
 * nobody would hear it, and it would otherwise grow without end.
 */
const SILENT_MAX_CHARS = 1_000;

const WORD = /[\p{L}\p{N}]/u;
const HALF_A_PAIR = /[\uD800-\uDBFF]/u;
/** Words that join clauses: a voice may breathe before them. */
const JOINTS = new Set(
  (
    'et mais ou où car donc que qui dont quand lorsque si comme parce pour avec sans sur dans depuis pendant afin ' +
    'and but or so that which who when where while because if as for with without to from into'
  ).split(' '),
);

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What has been seen of the piece that is being read; indices into its text. */
interface Reader {
  at: number;
  /** First letter or digit, -1 before it. */
  wordAt: number;
  /** Open guillemets. */
  open: number;
  breathAt: number;
  jointAt: number;
  partAt: number;
  /** Past the last space. */
  spaceAt: number;
}

function newReader(open: number): Reader {
  return { at: 0, wordAt: -1, open, breathAt: 0, jointAt: 0, partAt: 0, spaceAt: 0 };
}

function guillemetsAfter(piece: string, open: number): number {
  let count = open;
  for (const [mark] of piece.matchAll(/[«»]/gu)) count = Math.max(0, count + (mark === '«' ? 1 : -1));
  return count;
}

/** Most characters: nothing is decided at them. */
function isPlain(char: string): boolean {
  return /[\p{L}\p{M}\p{N}\p{Cs}]/u.test(char);
}

/**
 * Cuts French and English text that is still being written into pieces worth speaking one by one: the first clause, so that
 * sound starts early, then sentence by sentence. Where it cuts depends on the text alone, not on how it arrives. Pieces keep
 * their white space and join to the text.
 */
export class Cutter {
  readonly #options: Required<CutterOptions>;
  /** From the beginning of the piece that is being read. */
  #text = '';
  #first = true;
  /** Last visible character before `#text`. */
  #before = '';
  #openBefore = 0;
  #reader = newReader(0);

  constructor(options: CutterOptions = {}) {
    this.#options = { ...defaults, ...options };
  }

  /** @returns the pieces that are certain now; each holds a letter or a digit */
  push(text: string): string[] {
    this.#text += text;
    return this.#cut(false);
  }

  /**
   * No more text comes for now; the next counts as a new beginning.
   *
   * @returns the rest; without a letter or digit it joins the piece before it, unless that has been given already
   */
  flush(): string[] {
    const pieces = this.#cut(true);
    const last = pieces.length - 1;
    if (last >= 0 && !WORD.test(this.#text)) pieces[last] += this.#text;
    else if (this.#text !== '') pieces.push(this.#text);
    this.#text = '';
    this.#first = true;
    this.#before = '';
    this.#openBefore = 0;
    this.#reader = newReader(0);
    return pieces;
  }

  #cut(ended: boolean): string[] {
    const pieces: string[] = [];
    for (let end = this.#next(ended); end > 0; end = this.#next(ended)) pieces.push(this.#take(end));
    return pieces;
  }

  #take(end: number): string {
    const piece = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    this.#before = piece.trimEnd().slice(-1);
    this.#openBefore = guillemetsAfter(piece, this.#openBefore);
    this.#reader = newReader(this.#openBefore);
    this.#first = false;
    return piece;
  }

  /** Reads on. @returns index one past a piece that is certain, 0 when there is none yet */
  #next(ended: boolean): number {
    const reader = this.#reader;
    const { firstPieceMaxChars, pieceMaxChars } = this.#options;
    const maxChars = this.#first ? firstPieceMaxChars : pieceMaxChars;
    for (; reader.at < this.#text.length; reader.at += 1) {
      if (reader.wordAt < 0 && reader.at >= SILENT_MAX_CHARS) this.#dropSilence();
      if (reader.wordAt >= 0 && reader.at - reader.wordAt >= maxChars) {
        const known = ended || this.#text.length - reader.at >= FORCED_LOOKAHEAD_CHARS;
        return known ? this.#forced() : 0;
      }
      const verdict = reader.wordAt < 0 ? this.#seekWord(ended) : this.#read(ended);
      if (verdict === 'wait') return 0;
      if (verdict !== 'no') return verdict.cutAt;
      const char = this.#text.charAt(reader.at);
      if (char === '«') reader.open += 1;
      else if (char === '»') reader.open = Math.max(0, reader.open - 1);
    }
    return 0;
  }

  #seekWord(ended: boolean): Verdict {
    const reader = this.#reader;
    const { at } = reader;
    const half = at === this.#text.length - 1 && HALF_A_PAIR.test(this.#text.charAt(at));
    if (half && !ended) return 'wait';
    if (WORD.test(String.fromCodePoint(this.#text.codePointAt(at) ?? 0))) reader.wordAt = at;
    return 'no';
  }

  /** Looks at one character. */
  #read(ended: boolean): Verdict {
    const reader = this.#reader;
    const text = this.#text;
    const { at } = reader;
    const char = text.charAt(at);
    if (isPlain(char)) return 'no';
    if (/[ \t]/u.test(char)) return this.#noteSpace(at);
    const reading: Reading = { text, ended, openGuillemets: reader.open, before: this.#before };
    const length = at + 1 - reader.wordAt;
    const { firstClauseMinChars, sentenceMinChars } = this.#options;
    const sentence = char === '\n' ? lineEnd(reading, at) : isSentenceMark(char) ? sentenceEnd(reading, at) : 'no';
    if (sentence === 'wait' || (sentence !== 'no' && (this.#first || length >= sentenceMinChars))) return sentence;
    const clause = sentence === 'no' ? clauseEnd(reading, at) : sentence;
    if (clause === 'wait' || (clause !== 'no' && this.#first && length >= firstClauseMinChars)) return clause;
    if (clause !== 'no' && length >= FORCED_MIN_CHARS) reader.breathAt = clause.cutAt;
    return 'no';
  }

  /** Remembers where a forced cut may lie: before a word that joins clauses, else before a word at all. */
  #noteSpace(at: number): 'no' {
    const reader = this.#reader;
    if (this.#mayPart(reader.spaceAt)) {
      const word = this.#text.slice(reader.spaceAt, at).toLowerCase();
      if (JOINTS.has(word) && reader.spaceAt - reader.wordAt >= FORCED_MIN_CHARS) reader.jointAt = reader.spaceAt;
      reader.partAt = reader.spaceAt;
    }
    reader.spaceAt = at + 1;
    return 'no';
  }

  /** "1 234 567", "14 h 30", "n° 5" and "M. Dupont" stay together, and so do a word and its mark. */
  #mayPart(at: number): boolean {
    return at > 0 && !/[\p{N}°.«]/u.test(this.#text.charAt(at - 2)) && /[\p{L}\p{Cs}(«“"]/u.test(this.#text.charAt(at));
  }

  /** Where endless text is cut. All it depends on is known by now. */
  #forced(): number {
    const { at, breathAt, jointAt, partAt, spaceAt, wordAt } = this.#reader;
    for (const cutAt of [breathAt, jointAt, this.#mayPart(spaceAt) ? spaceAt : 0, partAt, spaceAt])
      if (cutAt > wordAt && cutAt <= at) return cutAt;
    const window = this.#text.slice(0, at + FORCED_LOOKAHEAD_CHARS);
    const inside = graphemes.segment(window).containing(at)?.index ?? at;
    if (inside > wordAt) return inside;
    return /[\uDC00-\uDFFF]/u.test(this.#text.charAt(at)) ? at + 1 : at;
  }

  #dropSilence(): void {
    this.#text = this.#text.slice(this.#reader.at);
    this.#reader = newReader(this.#reader.open);
  }
}
