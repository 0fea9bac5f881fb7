import type { Language } from '@eloquence/shared/contracts/ids';
import { meaningOf } from './synonyms.ts';
import { isVerbOfMinutes } from '@eloquence/shared/runtime/text/openers';
import { saysOpposite } from '@eloquence/shared/runtime/text/opposites';
import { isNegated } from '@eloquence/shared/runtime/text/polarity';
import { numbersIn } from '@eloquence/shared/runtime/numbers-in';
import { isContent, stemOf, tokensOf } from '@eloquence/shared/runtime/text/words';

/** Share of their words two texts have in common to say the same. */
const SAME_SHARE = 0.75;
/** Share of an earlier item's words that its retraction repeats. */
const ABOUT_SHARE = 0.6;
const MIN_BEGINNING = 4;
const MAX_ENDING = 3;

/** What is compared of a text. */
export interface Said {
  readonly text: string;
  /** What is to be done, where it begins with that. */
  readonly verb: string | undefined;
  readonly stems: ReadonlySet<string>;
  readonly numbers: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
  /** Says that something is not so, or no longer. */
  readonly denies: boolean;
}

export function saidIn(text: string, language: Language): Said {
  const tokens = tokensOf(text);
  const content = tokens.filter((token) => isContent(token, language));
  // The first word is written large whatever it is; "Does Boréal …" begins with no name and has one.
  const names = content
    .filter((token) => token !== tokens[0] && /^\p{Lu}/u.test(token.raw))
    .map(({ text: name }) => name);
  const [first] = content;
  return {
    text,
    verb: first && isVerbOfMinutes(first, language) ? meaningOf(stemOf(first.raw, language)) : undefined,
    stems: new Set(content.map((token) => meaningOf(stemOf(token.raw, language)))),
    numbers: numbersIn(text),
    names: new Set(names),
    denies: isNegated(text),
  };
}

const common = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): number => [...a].filter((one) => b.has(one)).length;
/** Stems of one verb may differ by its last letters. */
const commonStems = (a: ReadonlySet<string>, b: ReadonlySet<string>): number =>
  [...a].filter((stem) => b.has(stem) || [...b].some((other) => isOneBeginning(stem, other))).length;

function isOneBeginning(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length >= MIN_BEGINNING && long.length - short.length <= MAX_ENDING && long.startsWith(short);
}

const isSubset = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean => common(a, b) === a.size;
const differ = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean => !isSubset(a, b) && !isSubset(b, a);

/** Whether two items say the same in other words: no number or name of one contradicts the other's. */
export function saysTheSame(one: string, other: string, language: Language): boolean {
  if (one.trim().toLowerCase() === other.trim().toLowerCase()) return true;
  return agree(saidIn(one, language), saidIn(other, language), { language });
}

/** The same for texts that are compared often. @param options.share of all their words that both must have, default 0.75 */
export function agree(a: Said, b: Said, options: { readonly language: Language; readonly share?: number }): boolean {
  const { language, share = SAME_SHARE } = options;
  if (a.denies !== b.denies || differ(a.numbers, b.numbers)) return false;
  const both = commonStems(a.stems, b.stems);
  const all = a.stems.size + b.stems.size - both;
  if (all === 0 || both / all < share) return false;
  return !doOther(a, b) && !nameOthers(a, b, language) && !saysOpposite(a.text, b.text, language);
}

/** Two tasks about one thing: to test it, to write about it. */
function doOther({ verb: one, stems: ofOne }: Said, { verb: other, stems: ofOther }: Said): boolean {
  if (one === undefined || other === undefined || isOneBeginning(one, other)) return false;
  return !ofOther.has(one) && !ofOne.has(other);
}

/** Each names what the other does not. */
const nameOthers = (a: Said, b: Said, language: Language): boolean =>
  [...a.names].some((name) => !hasName(b, name, language)) && [...b.names].some((name) => !hasName(a, name, language));

const hasName = (said: Said, name: string, language: Language): boolean =>
  said.names.has(name) || said.stems.has(stemOf(name, language));

/**
 * How much of an item's words some later words repeat, 0 to 1; 0 where they name another number.
 *
 * @param words what takes it back or settles it, with the words quoted
 */
export function repeats(words: string, item: string, language: Language): number {
  const later = saidIn(words, language);
  const earlier = saidIn(item, language);
  const fewer = Math.min(earlier.stems.size, later.stems.size);
  if (fewer === 0 || nameOthers(earlier, later, language) || differ(earlier.numbers, later.numbers)) return 0;
  const share = commonStems(earlier.stems, later.stems) / fewer;
  return share >= ABOUT_SHARE ? share : 0;
}
