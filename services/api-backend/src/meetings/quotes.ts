import type { Evidence } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import { numbersIn } from '@eloquence/shared/runtime/numbers-in';
import { plain } from './search-words.ts';

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function tokensOf(text: string): Token[] {
  return [...text.matchAll(/[\p{L}\p{N}]+/gu)].map((match) => ({
    text: plain(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** Shorter quotes prove nothing, unless they are all that was said. */
const MIN_QUOTE_LETTERS = 4;

/**
 * Where a text says a quote: word for word, whatever the case, accents, spaces and punctuation.
 *
 * @returns the text's own words, or undefined when it does not say that
 */
export function findQuote(text: string, quote: string): string | undefined {
  const said = tokensOf(text);
  const wanted = tokensOf(quote);
  if (wanted.length === 0 || wanted.length > said.length) return undefined;
  const letters = wanted.reduce((sum, token) => sum + token.text.length, 0);
  if (letters < MIN_QUOTE_LETTERS && wanted.length < said.length) return undefined;
  for (let at = 0; at + wanted.length <= said.length; at += 1) {
    if (!wanted.every((token, index) => said[at + index]?.text === token.text)) continue;
    const first = said[at];
    const last = said[at + wanted.length - 1];
    return first && last && text.slice(first.start, last.end);
  }
  return undefined;
}

/** An utterance as evidence. @param quote verbatim out of it; default: all of it */
export function evidenceOf(utterance: Utterance, quote: string = utterance.text): Evidence {
  return {
    utterance_id: utterance.utterance_id,
    speaker: utterance.speaker,
    start_ms: utterance.start_ms,
    end_ms: utterance.end_ms,
    quote,
  };
}

/** Letters two words must share to be taken for one stem. */
const STEM_LETTERS = 4;
const stems = (text: string): Set<string> =>
  new Set(
    tokensOf(text)
      .filter((token) => token.text.length >= STEM_LETTERS)
      .map((token) => token.text.slice(0, 5)),
  );

/** A sentence's first word has a capital anyway: it is taken for somebody's name where it does something. */
const FIRST_NAME =
  /^\s*(\p{Lu}\p{L}{2,})(?:,)? (?:a|va|doit|est|sera|fait|s'|se|n'|ne|et|has|is|will|must|should|was|and|does|did)\b/u;
const NO_NAMES = new Set(
  'elle cela ceci tout tous toute rien personne celui celle chacun chacune aucun aucune this that she everybody everyone nobody nothing everything somebody someone there'.split(
    ' ',
  ),
);

export interface Support {
  /** What the sentence names as its proof. */
  readonly cited: string;
  /** Everything the writer was shown: names may come from there. */
  readonly shown: string;
}

/**
 * Whether a sentence says no more than its proof can carry: its figures and names are there, and it is about the same thing. A check by words
 * cannot tell every false sentence; it stops those that are made up.
 */
export function isSupported(sentence: string, { cited, shown }: Support): boolean {
  const given = numbersIn(cited, { parts: true });
  // Digits only: "two decisions were made" counts, and nobody need have said "two".
  const figures = numbersIn(sentence.replaceAll(/\p{L}+/gu, '·'));
  if ([...figures].some((figure) => !given.has(figure))) return false;
  const known = new Set(tokensOf(shown).map((token) => token.text));
  const names = [...sentence.matchAll(/(?<=[\p{L}\p{N},;:)]\s)\p{Lu}[\p{L}]{2,}/gu)].map(([name]) => plain(name));
  const first = plain(FIRST_NAME.exec(sentence)?.[1] ?? '');
  if (first !== '' && !NO_NAMES.has(first)) names.push(first);
  if (names.some((name) => !known.has(name))) return false;
  const ofSentence = stems(sentence);
  const ofProof = stems(cited);
  return ofSentence.size === 0 || [...ofSentence].some((stem) => ofProof.has(stem));
}
