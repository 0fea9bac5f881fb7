import { tokensOf, type Token } from './words.ts';

/** Where a text says something. `quote` is the text's own words. */
export interface FoundQuote {
  readonly quote: string;
  /** First and last word of it, as places among all words of the text. */
  readonly firstWord: number;
  readonly lastWord: number;
  readonly start: number;
  readonly end: number;
}

/** Shorter quotes prove nothing, unless they are all that was said. */
const MIN_QUOTE_LETTERS = 4;
/** Words a quote with an ellipsis may have left out. */
const MAX_LEFT_OUT = 25;

/**
 * Where a text says a quote: as it stands, else word for word whatever the case, accents, spaces, punctuation and kinds of
 * apostrophe. A quote with an ellipsis is found where its pieces follow each other.
 */
export function findQuote(text: string, quote: string): FoundQuote | undefined {
  const said = tokensOf(text);
  const pieces = quote
    .split(/…|\.{3}|\[[.…]*\]/)
    .map((piece) => tokensOf(piece).map((token) => token.text))
    .filter((piece) => piece.length > 0);
  const letters = pieces.flat().join('').length;
  const isAll = pieces.flat().length >= said.length;
  if (pieces.length === 0 || (letters < MIN_QUOTE_LETTERS && !isAll)) return undefined;
  for (let from = 0; from < said.length; from += 1) {
    const last = endOf(said, pieces, from);
    if (last === undefined) continue;
    const start = said[from]?.start ?? 0;
    const end = withPunctuation(text, said[last]?.end ?? text.length, quote);
    return { quote: text.slice(start, end), firstWord: from, lastWord: last, start, end };
  }
  return undefined;
}

/** Place of the last word when the pieces begin at `from`. */
function endOf(said: readonly Token[], pieces: readonly (readonly string[])[], from: number): number | undefined {
  let at = from;
  for (const [index, piece] of pieces.entries()) {
    const furthest = index === 0 ? at : at + MAX_LEFT_OUT;
    while (at <= furthest && !isAt(said, piece, at)) at += 1;
    if (at > furthest) return undefined;
    at += piece.length;
  }
  return at - 1;
}

const isAt = (said: readonly Token[], piece: readonly string[], at: number): boolean =>
  piece.every((word, index) => said[at + index]?.text === word);

/** A quote that ends with its sentence keeps the sentence's mark. */
function withPunctuation(text: string, end: number, quote: string): number {
  const mark = /^[\s\u00a0\u202f]*[.?!…]+/.exec(text.slice(end))?.[0] ?? '';
  return /[.?!…]["”»\s]*$/.test(quote) ? end + mark.length : end;
}
