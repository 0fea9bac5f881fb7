import type { Language } from '../../contracts/ids.ts';
import { contradicts } from './polarity.ts';
import { clausesOf } from './sentences.ts';
import { contentStems } from './words.ts';

/** What denies nothing but that somebody knows. */
const NOT_KNOWN = /\bne sai[st]\b.{0,12}\bpas\b|\bsais pas\b|\b(?:do|does) not know\b|\b(?:don|doesn)['’]t know\b/i;

/** The clauses of sentences that say most of a claim's words. */
export function tellingClauses(claim: string, sentences: readonly string[], language: Language): string[] {
  const stems = contentStems(claim, language);
  const share = (text: string) => [...contentStems(text, language)].filter((stem) => stems.has(stem)).length;
  const clauses = sentences.flatMap((text) => clausesOf(text).map((part) => part.text));
  const most = Math.max(0, ...clauses.map(share));
  return clauses.filter((clause) => most > 0 && share(clause) === most);
}

/**
 * Whether a claim says no where the words say yes, or the other way round.
 *
 * @param options.asWhole the claim may also tell a whole sentence, one clause of which denies
 */
export function isDenied(
  claim: string,
  sentences: readonly string[],
  { language, asWhole }: { readonly language: Language; readonly asWhole: boolean },
): boolean {
  const telling = tellingClauses(claim, sentences, language);
  const said = asWhole ? [...telling, ...sentences] : telling;
  return telling.length > 0 && said.every((words) => contradicts(claim, words.replace(NOT_KNOWN, ''), language));
}
