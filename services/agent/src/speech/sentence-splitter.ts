/**
 * Cuts a stream of text into pieces worth speaking one by one. French and English: abbreviations, numbers and initials do
 * not end a sentence, and French puts a space before ! ? ; : which belongs to what precedes.
 */

/** Written before a dot without ending a sentence, lower case. */
const ABBREVIATIONS = new Set(
  (
    'm mm mme mmes mlle me dr pr st ste av bd bld art cf ex env fig hab janv févr juil sept oct nov déc min max n no p pp tél vol ' +
    'mr mrs ms prof jr sr vs e.g i.e approx inc ltd co jan feb aug dec'
  ).split(' '),
);

/** The first piece may end at a comma once it has so many characters: the first sound comes sooner. */
const FIRST_CLAUSE_MIN_CHARS = 18;
/** Shorter sentences ("Oui.") wait for the next: two requests for three words sound torn. Not so the first. */
const SENTENCE_MIN_CHARS = 12;
/** Past this a piece ends at the next space: voices read long text in one breath and late. */
const PIECE_MAX_CHARS = 240;

export class SentenceSplitter {
  #text = '';
  #first = true;

  /** @returns pieces that are complete now; each keeps its trailing space so that pieces join to the text given */
  push(text: string): string[] {
    this.#text += text;
    const pieces: string[] = [];
    for (let end = this.#boundary(); end > 0; end = this.#boundary()) {
      pieces.push(this.#text.slice(0, end));
      this.#text = this.#text.slice(end);
      this.#first = false;
    }
    return pieces;
  }

  /** The rest; nothing when it is only white space. The next text counts as a new beginning. */
  flush(): string[] {
    const rest = this.#text;
    this.#text = '';
    this.#first = true;
    return rest.trim() === '' ? [] : [rest];
  }

  /** Index one past the first complete piece, 0 when there is none. */
  #boundary(): number {
    const minimum = this.#first ? 1 : SENTENCE_MIN_CHARS;
    for (const match of this.#text.matchAll(/[.!?…]+["»”)]*(?=\s)|\n/g)) {
      const end = match.index + match[0].length;
      const spoken = this.#text.slice(0, end);
      if (spoken.trim().length < minimum || !endsSentence(spoken, this.#text.slice(end))) continue;
      return includeSpace(this.#text, end);
    }
    return this.#first ? this.#clauseBoundary() : this.#forcedBoundary();
  }

  #clauseBoundary(): number {
    for (const match of this.#text.matchAll(/[,;:](?=\s)/g)) {
      const end = match.index + 1;
      if (end >= FIRST_CLAUSE_MIN_CHARS) return includeSpace(this.#text, end);
    }
    return this.#forcedBoundary();
  }

  #forcedBoundary(): number {
    if (this.#text.length <= PIECE_MAX_CHARS) return 0;
    const space = this.#text.lastIndexOf(' ', PIECE_MAX_CHARS);
    return space > 0 ? space + 1 : PIECE_MAX_CHARS;
  }
}

/** Whether the mark at the end of `spoken` ends a sentence, given what follows. */
function endsSentence(spoken: string, following: string): boolean {
  // A line break, or a mark other than a dot, always does; ellipses only before a capital.
  if (!spoken.endsWith('.') || spoken.endsWith('\n')) return true;
  const next = following.trimStart();
  // The text so far ends here: whether "M." is followed by a name or by nothing cannot be told yet.
  if (next === '') return false;
  if (spoken.endsWith('...')) return /^[\p{Lu}«"“(]/u.test(next);
  const word = /([\p{L}\p{N}.'’-]+)\.$/u.exec(spoken)?.[1] ?? '';
  const last = word.toLowerCase().replace(/^.*['’]/, '');
  if (ABBREVIATIONS.has(last)) return false;
  // A single letter is an initial ("J. Dupont").
  if (/^\p{Lu}$/u.test(word)) return false;
  // "no. 5", "3. suite": a number or a small letter after the dot goes on.
  return !/^\p{Ll}/u.test(next);
}

function includeSpace(text: string, end: number): number {
  let index = end;
  while (index < text.length && /\s/.test(text.charAt(index))) index += 1;
  return index;
}
