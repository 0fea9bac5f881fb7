export interface WordErrors {
  /** Words to put in, leave out or change to get from the one to the other. */
  readonly errors: number;
  readonly referenceWords: number;
  /** errors / referenceWords; above 1 when much was invented. */
  readonly rate: number;
}

/**
 * Words of a text as they are compared: lower case, no punctuation; apostrophes and hyphens part words, so that their kinds make
 * no difference. Accents are kept: "a" and "à" are different words in French.
 */
export function normalizedWords(text: string): string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Word error rate of a hypothesis: edit distance over words, after {@link normalizedWords}. */
export function wordErrorRate(reference: string, hypothesis: string): WordErrors {
  const said = normalizedWords(reference);
  const heard = normalizedWords(hypothesis);
  let row = Array.from({ length: heard.length + 1 }, (_, index) => index);
  for (const [index, word] of said.entries()) {
    const next = [index + 1];
    for (const [column, other] of heard.entries()) {
      const change = (row[column] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  const errors = row[heard.length] ?? 0;
  return { errors, referenceWords: said.length, rate: said.length === 0 ? (errors > 0 ? 1 : 0) : errors / said.length };
}
