import type { Language } from '@eloquence/shared/contracts/ids';
import { englishRules } from './expand-english.ts';
import { frenchRules } from './expand-french.ts';

/** A pattern and what is said for it; a rule sees the text as the rules before it left it. */
export type Rule = readonly [pattern: RegExp, said: Said];
/** A replacement as `String.replaceAll` takes it, or a function of the match. */
type Said = string | ((match: Match) => string);

export interface Match {
  /** What matched. */
  readonly whole: string;
  /** The text before it. */
  readonly before: string;
  /** Capture groups from 1 on; one that took no part is empty. */
  readonly groups: readonly string[];
}

const rulesOf: Readonly<Record<Language, readonly Rule[]>> = { fr: frenchRules, en: englishRules };
/** As far as a rule may look back. */
const BEFORE_CHARS = 40;

/**
 * Writes out abbreviations, dates and units the way a reader says them: espeak-ng, and Piper with its phonemes, read them
 * letter by letter. What may mean two things stays as it was written, and so does what voices read well.
 *
 * @param text a piece of `spokenPiece`: white space joined, no marks
 */
export function expand(text: string, language: Language): string {
  return rulesOf[language].reduce((spoken, rule) => apply(spoken, rule), text);
}

function apply(text: string, [pattern, said]: Rule): string {
  if (typeof said === 'string') return text.replaceAll(pattern, said);
  return text.replaceAll(pattern, (whole: string, ...rest: unknown[]) => {
    const at = rest.findIndex((value) => typeof value === 'number');
    const offset = rest[at] as number;
    const groups = rest.slice(0, at).map((group) => (typeof group === 'string' ? group : ''));
    return said({ whole, before: text.slice(Math.max(0, offset - BEFORE_CHARS), offset), groups });
  });
}
