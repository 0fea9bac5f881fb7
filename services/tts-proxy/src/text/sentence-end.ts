import { LAST_BEFORE_CAPITAL, LAST_BEFORE_STARTER, NEVER_LAST, STARTERS } from './abbreviations.ts';

/**
 * What a mark means. `wait`: more text may change the answer. Once it is not `wait`, no further text changes it; the cutter
 * depends on that to cut at the same places however a text arrives.
 */
export type Verdict = { readonly cutAt: number } | 'no' | 'wait';

/** A text being read, and where its reader stands. */
export interface Reading {
  readonly text: string;
  /** No more text comes: the end decides what would have waited. */
  readonly ended: boolean;
  /** Guillemets that are open here; the space before » is no end then. */
  readonly openGuillemets: number;
  /** Last visible character before `text`, empty at the beginning. */
  readonly before: string;
}

/** Nobody waits longer than this for what decides a mark. */
const LOOKAHEAD_CHARS = 32;
/** An unknown word so long is not an abbreviation: its dot and a space are enough. */
const CERTAIN_WORD_CHARS = 4;

const STRONG = /[!?‽⁇⁈⁉؟।॥]/u;
const ENDS = '.…!?‽⁇⁈⁉؟।॥';
const WIDE_ENDS = '。！？｡';
const CLOSERS = '"\'»”’›)]*_」』）】';
const SPACE = /\s/u;
const LOWER = /^\p{Ll}/u;
const HALF_A_PAIR = /[\uD800-\uDBFF]/u;
/** "J", "J.-C", "U.S", "S.N.C.F". */
const INITIALS = /^\p{L}(?:[.-]+\p{L})+$|^\p{Lu}$/u;
/** "Wm", "Hwy" without its y: shortened, while TGV and SNCF are words. */
const WITHOUT_VOWEL = /^(?=.*\p{Ll})[b-df-hj-np-tv-xz]{2,4}$/iu;
/** "12.**" at most counts a list's items; "2024." is a year. */
const LONGEST_COUNT_CHARS = 6;
const DIGIT = /^\p{N}/u;
const PUNCTUATION = /^[.,;:!?…]/u;

/** Whether `char` may end a sentence. */
export function isSentenceMark(char: string): boolean {
  return ENDS.includes(char) || WIDE_ENDS.includes(char);
}

/** Whether the mark at `at` ends a sentence, and where the next begins. Only the first of a run of marks is asked. */
export function sentenceEnd(reading: Reading, at: number): Verdict {
  const { text } = reading;
  if (at > 0 && isSentenceMark(text.charAt(at - 1))) return 'no';
  let end = at + 1;
  while (end < text.length && isSentenceMark(text.charAt(end))) end += 1;
  if (end - at > LOOKAHEAD_CHARS) return 'no';
  const marks = text.slice(at, end);
  const closed = pastClosers(text, end);
  if (closed >= text.length) return reading.ended ? 'no' : 'wait';
  if (WIDE_ENDS.includes(marks.slice(-1))) return { cutAt: closed };
  if (!SPACE.test(text.charAt(closed))) return 'no';
  const dot = marks === '.' ? dotEnd(reading, at, closed) : undefined;
  if (dot === 'no') return 'no';
  const quoted = reading.openGuillemets > 0 && closed === end ? closingGuillemet(reading, end) : 0;
  if (quoted === 'wait') return 'wait';
  if (quoted > 0) return afterGuillemet(reading, quoted);
  if (dot !== undefined) return dot;
  if (closed === end && STRONG.test(marks)) return { cutAt: end + 1 };
  return beforeNext(reading, closed, endsUnlessLower);
}

/** Whether the line break at `at` ends a piece: an empty line does, the wrapping of a paragraph does not. */
export function lineEnd(reading: Reading, at: number): Verdict {
  const { text } = reading;
  for (let next = at + 1; next - at <= LOOKAHEAD_CHARS && SPACE.test(text.charAt(next)); next += 1)
    if (text.charAt(next) === '\n') return { cutAt: next + 1 };
  return beforeNext(reading, at, (next) => !LOWER.test(next));
}

/** What follows a mark that belongs to no word: a small letter or another mark goes on. */
function endsUnlessLower(next: string): boolean {
  return !LOWER.test(next) && !PUNCTUATION.test(next);
}

export type Decide = (next: string, broken: boolean) => boolean | 'wait';

/** Decides by the first visible character after the white space at `from`; a cut lies right before it. */
export function beforeNext({ text, ended }: Reading, from: number, decide: Decide): Verdict {
  const next = pastSpace(text, from);
  if (next - from > LOOKAHEAD_CHARS) return 'no';
  const unknown = next >= text.length || (next === text.length - 1 && HALF_A_PAIR.test(text.charAt(next)));
  const verdict = unknown
    ? 'wait'
    : decide(text.slice(next, next + LOOKAHEAD_CHARS), text.slice(from, next).includes('\n'));
  if (verdict === 'wait') return ended ? 'no' : 'wait';
  return verdict ? { cutAt: next } : 'no';
}

/** Index past the white space at `from`, as far as anybody looks. */
function pastSpace(text: string, from: number): number {
  let next = from;
  while (next < text.length && next - from <= LOOKAHEAD_CHARS && SPACE.test(text.charAt(next))) next += 1;
  return next;
}

/** Index past the marks that close what the sentence opened. */
export function pastClosers(text: string, from: number): number {
  let end = from;
  while (end < text.length && end - from < LOOKAHEAD_CHARS && CLOSERS.includes(text.charAt(end))) end += 1;
  return end;
}

/** Index past a » that follows white space; 0 when something else follows. */
function closingGuillemet({ text, ended }: Reading, from: number): number | 'wait' {
  const next = pastSpace(text, from);
  if (next >= text.length && !ended && next - from <= LOOKAHEAD_CHARS) return 'wait';
  return text.charAt(next) === '»' ? pastClosers(text, next) : 0;
}

function afterGuillemet(reading: Reading, end: number): Verdict {
  if (end >= reading.text.length) return reading.ended ? 'no' : 'wait';
  return SPACE.test(reading.text.charAt(end)) ? beforeNext(reading, end, endsUnlessLower) : 'no';
}

/** A single dot, closing marks up to `end`, white space: everything depends on the word before it. */
function dotEnd(reading: Reading, at: number, end: number): Verdict {
  const { text } = reading;
  // Typesetters keep an abbreviation and its name together, and » with what it closes.
  if (/[\u00A0\u202F]/u.test(text.charAt(end)) && reading.openGuillemets === 0) return 'no';
  const head = text.slice(Math.max(0, at - LOOKAHEAD_CHARS), at);
  const token = /[\p{L}\p{M}\p{N}§°º.'’-]+$/u.exec(head)?.[0] ?? '';
  const word = token.replace(/^.*['’]/u, '');
  if (/^\p{N}+$/u.test(word)) return afterNumber(reading, at - word.length, end);
  switch (partOf(word, head.slice(0, head.length - token.length).trimEnd())) {
    case 'never last':
      return 'no';
    case 'last before a capital':
      return beforeNext(reading, end, (next, broken) => broken || (endsUnlessLower(next) && !DIGIT.test(next)));
    case 'last before a starter':
      return beforeNext(reading, end, (next, broken) => broken || startsSentence(next));
    case 'a word': {
      const certain = end === at + 1 && word.length >= CERTAIN_WORD_CHARS && !/[\p{N}.]/u.test(word);
      return certain ? { cutAt: end + 1 } : beforeNext(reading, end, endsUnlessLower);
    }
  }
}

type Part = 'never last' | 'last before a capital' | 'last before a starter' | 'a word';

/** What a word before a dot may be of a sentence, given what precedes it. */
function partOf(word: string, preceding: string): Part {
  const lower = word.toLowerCase();
  // "p. ex.", "par ex."
  if (lower === 'ex' && /(?:^|\s)p(?:ar|\.)$/iu.test(preceding)) return 'never last';
  if (lower === 'm' && DIGIT.test(preceding.slice(-1))) return 'last before a capital';
  // English "me" is not the French title.
  if (NEVER_LAST.has(lower) && word !== 'me') return 'never last';
  if (LAST_BEFORE_CAPITAL.has(lower) || (word === 'J.-C' && /\b(?:av|apr?)\.$/u.test(preceding)))
    return 'last before a capital';
  const short = INITIALS.test(word) || LAST_BEFORE_STARTER.has(lower) || WITHOUT_VOWEL.test(word);
  return short ? 'last before a starter' : 'a word';
}

/** "2. Respirez" at the beginning of a line or a sentence counts what follows; "p. 12." does not. */
function afterNumber(reading: Reading, at: number, end: number): Verdict {
  const head = reading.text.slice(Math.max(0, at - LOOKAHEAD_CHARS), at).replace(/[*_]+$/u, '');
  const begun = head.trimEnd();
  const previous = begun.slice(-1) || reading.before;
  const short = NEVER_LAST.has(/([^\s'’]*)\.$/u.exec(begun)?.[1]?.toLowerCase() ?? '');
  const starts = /^$|[.!?…:;»”]/u.test(previous) && !short && /^$|\s$/u.test(head);
  if ((starts || /\n[^\S\n]*$/u.test(head)) && end - at <= LONGEST_COUNT_CHARS) return 'no';
  return beforeNext(reading, end, (next) => endsUnlessLower(next) && !DIGIT.test(next));
}

/** Whether `next` begins with a word that begins sentences; needs the whole word. */
function startsSentence(next: string): boolean | 'wait' {
  if (/^[—–•-]/u.test(next)) return true;
  const opening = /^["«“(*_\s]*/u.exec(next)?.[0].length ?? 0;
  const word = /^\p{Lu}[\p{L}\p{M}]*/u.exec(next.slice(opening))?.[0] ?? '';
  if (opening + word.length === next.length) return next.length < LOOKAHEAD_CHARS ? 'wait' : false;
  // "J. I. Smith"
  if (word.length === 1 && next.charAt(opening + 1) === '.') return false;
  return STARTERS.has(word.toLowerCase());
}
