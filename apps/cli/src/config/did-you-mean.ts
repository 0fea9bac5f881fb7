/** More letters wrong than that is another word. */
const MAX_EDITS = 3;

/** The known word somebody most likely meant, if one is close. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((candidate) => word.length >= 4 && candidate.startsWith(word));
  if (begun.length === 1) return begun[0];
  const [best] = known
    .map((candidate) => ({ candidate, edits: edits(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter((one) => one.edits <= Math.min(MAX_EDITS, Math.ceil(one.candidate.length / 3)))
    .toSorted((a, b) => a.edits - b.edits);
  return best?.candidate;
}

/** Letters to add, remove or change. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}
