import type { Language } from '../../contracts/ids.ts';
import { isOpener } from './openers.ts';
import { isNegated, isTurn } from './polarity.ts';
import { isNumberWord, numbersIn } from '../numbers-in.ts';
import { isContent, tokensOf, WordBag, type Token } from './words.ts';

/** What a claim may rest on. */
export interface SupportSource {
  readonly language: Language;
  /** Texts that were quoted, their neighbours, and items carried over that they are about. */
  readonly texts: readonly string[];
  /** Names of those who said them. */
  readonly names: readonly string[];
  /** Everything said in the chunk: what is written small there is no name. */
  readonly everything: WordBag;
}

export type SupportFault = 'number' | 'name' | 'words';

/** A claim may put that share of its words, and at least one, in its own way. */
const OWN_SHARE = 0.35;

/**
 * What in a claim its source does not say: a number, a name (both strictly), or too many of its words. A check by words cannot
 * tell every false sentence; it stops those that are made up.
 */
export function supportFault(claim: string, source: SupportSource): SupportFault | undefined {
  const { language, texts, names } = source;
  const said = new WordBag([...texts, ...names], language);
  const numbers = new Set(texts.flatMap((text) => [...numbersIn(text, { parts: true })]));
  for (const number of numbersIn(claim)) if (!numbers.has(number)) return 'number';
  const tokens = tokensOf(claim);
  if (tokens.some((token) => isCalendar(token) && !said.has(token))) return 'name';
  for (const [index, token] of tokens.entries())
    if (isName(claim, { token, index }, source) && !said.has(token) && !isFormOfOrdinary(token, source, said))
      return 'name';
  const content = tokens.filter((token) => isContent(token, language) && !isTurn(token) && !isNumber(token));
  if (tokens.some((token) => isTurn(token) && !said.hasForm(token)) && !texts.some(turnsRound)) return 'words';
  // "On y va", "Tout arrêter": small words are only enough where they were said.
  if (content.length === 0)
    return tokens.length > 0 && tokens.every((token) => said.hasForm(token)) ? undefined : 'words';
  const own = content.filter((token) => !said.hasForm(token)).length;
  if (own === content.length || addsSomething(claim, said, language)) return 'words';
  return own > Math.max(1, content.length * OWN_SHARE) ? 'words' : undefined;
}

/** Says that something is not, or no longer, in whatever words. */
const turnsRound = (text: string): boolean => isNegated(text) || ENDS.test(text) || tokensOf(text).some(isTurn);
const ENDS = /\b(?:end|ends|ended|fin|fini\w*|termin\w*|close[sd]?|scrap\w*)\b|laiss\w+ tomber/i;

const isNumber = ({ text }: Token): boolean => /^\d/.test(text) || isNumberWord(text);

const CALENDAR = new Set(
  (
    'janvier fevrier avril mai juin juillet aout septembre octobre novembre decembre lundi mardi mercredi jeudi vendredi samedi dimanche ' +
    'january february march april may june july august september october november december monday tuesday wednesday thursday friday ' +
    'saturday sunday'
  ).split(' '),
);

/** A day or a month, which French writes small. "may" and "march" are verbs too, "mars" a month that is never one. */
export const isCalendar = ({ text, raw }: Token): boolean =>
  text === 'mars' || (CALENDAR.has(text) && (/^\p{Lu}/u.test(raw) || !/^(?:may|march)$/.test(text)));

/** Of something true and something added, only the true part is said: "… et renvoyer le directeur". */
function addsSomething(claim: string, said: WordBag, language: Language): boolean {
  return claim.split(/[,;:.]|\b(?:et|and|puis|then|mais|but|ainsi que|as well as)\b/i).some((part) => {
    const content = tokensOf(part).filter((token) => isContent(token, language) && !isTurn(token));
    return content.length > 1 && content.every((token) => !said.hasForm(token));
  });
}

const isFormOfOrdinary = (token: Token, { everything }: SupportSource, said: WordBag): boolean =>
  everything.isOrdinary(token) && said.hasForm(token);

/**
 * Whether a word of a claim is a name. The first word of a sentence is written large whatever it is: it counts as a name unless
 * somebody used it as an ordinary word or minutes begin with such words.
 */
function isName(claim: string, { token, index }: { token: Token; index: number }, source: SupportSource): boolean {
  if (!/^\p{Lu}/u.test(token.raw)) return false;
  if (!isContent(token, source.language) && token.raw.length < 4) return false;
  const isFirst = index === 0 || /[.!?…]["”»)\s]*$/.test(claim.slice(0, token.start));
  // Capitals of a model that likes them.
  if (source.everything.isOrdinary(token)) return false;
  if (!isFirst) return true;
  return isContent(token, source.language) && !isTurn(token) && !isOpener(token, source.language);
}
