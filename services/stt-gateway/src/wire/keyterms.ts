/** More would not fit into what engines take as a hint. */
const MAX_TERMS = 100;
const MAX_TERM_CHARACTERS = 100;

/** Words a client expects, without blanks and doubles, as many as engines can use. */
export function keytermsOf(given: readonly string[]): string[] {
  const terms = given.map((term) => term.trim().slice(0, MAX_TERM_CHARACTERS)).filter(Boolean);
  return [...new Set(terms)].slice(0, MAX_TERMS);
}
