import { fold } from './fold.ts';

/** By how many words a decode may have grown or shrunk before the stable ones end, and still be followed. */
const MAX_SHIFT = 2;

/**
 * LocalAgreement-2 (ufal/whisper_streaming): of an utterance that is decoded again and again while it is spoken, the
 * words two decodes in a row agree on are stable. Case, accents and punctuation make no difference; a word stays as it
 * was first agreed. One for each utterance.
 */
export class Agreement {
  #stable: readonly string[] = [];
  #previous: readonly string[] = [];

  /** @returns the stable words after this hypothesis: those before, or more */
  take(words: readonly string[]): readonly string[] {
    const before = tailAfter(this.#stable, this.#previous);
    const now = tailAfter(this.#stable, words);
    this.#previous = words;
    if (before && now) this.#stable = [...this.#stable, ...commonStart(now, before)];
    return this.#stable;
  }
}

/** The words of a hypothesis after the stable ones; undefined when it no longer holds them. */
function tailAfter(stable: readonly string[], words: readonly string[]): readonly string[] | undefined {
  const count = stable.length;
  if (count === 0) return words;
  const anchor = stable.slice(-2).map(fold);
  const endsAt = (end: number) =>
    end >= anchor.length && anchor.every((word, index) => fold(words[end - anchor.length + index] ?? '') === word);
  for (let shift = 0; shift <= MAX_SHIFT; shift += 1) {
    const end = [count + shift, count - shift].find(endsAt);
    if (end !== undefined) return words.slice(end);
  }
  return undefined;
}

function commonStart(words: readonly string[], others: readonly string[]): readonly string[] {
  const agreed = words.slice(0, others.length);
  const difference = agreed.findIndex((word, index) => fold(word) !== fold(others[index] ?? ''));
  return difference < 0 ? agreed : agreed.slice(0, difference);
}
