/** Four words of the end, to begin with: a model finds its place better by them than by being told where it is. */
const LAST_WORDS = /(?:\S+\s+){0,3}\S+$/u;
/** Characters looked at. */
const MOST_CHARACTERS = 200;

/** The last words of what was said, with what stands around them: what a model that goes on is told to begin with. */
export function lastWords(text: string): string {
  return LAST_WORDS.exec(text.trimEnd().slice(-MOST_CHARACTERS))?.[0] ?? '';
}

/** True when a text ends with a whole sentence. A point behind a digit or one letter may be one of "3.14" or of "U.S.". */
export function endsSentence(text: string): boolean {
  const end = text.slice(-ENDING);
  return /[.!?…][»”")\s]*$/u.test(end) && !/(?:\p{N}|(?<![\p{L}\p{M}])\p{L})\.$/u.test(end);
}

/** Characters that the end of a sentence has at most. */
const ENDING = 32;
