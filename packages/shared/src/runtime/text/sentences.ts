/** A sentence, or a part of one between commas, and where it stands in its text. */
export interface Part {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The sentences of a text. */
export const sentencesOf = (text: string): Part[] => cut(text, /(?:[^.!?…]|\.(?=\d))+(?:[.!?…]+|$)/g);

/** The parts of a text that say one thing each: between marks, and where "but" turns it. */
export const clausesOf = (text: string): Part[] =>
  cut(
    text,
    /(?:(?!\b(?:mais|but|however|cependant|par contre)\b)[^.!?…;:,])+|\b(?:mais|but|however|cependant|par contre)\b[^.!?…;:,]*/gi,
  );

function cut(text: string, pattern: RegExp): Part[] {
  return [...text.matchAll(pattern)]
    .filter((match) => /[\p{L}\p{N}]/u.test(match[0]))
    .map((match) => ({ text: match[0], start: match.index, end: match.index + match[0].length }));
}
