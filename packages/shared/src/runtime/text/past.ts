import { fold } from './words.ts';

const FRENCH_CLITICS = "(?:(?:l'|le |la |les |lui |y |en |nous |vous |n'|ne |s'|se |me |m')\\s*)*";
/** Past of the verb that follows a subject. "Ferait" is none; "fait" neither. */
const FRENCH = new RegExp(
  String.raw`^\s*${FRENCH_CLITICS}(?:(?:ai|a|avait|avais|est|etait) (?:\p{L}+ment |deja |bien |tout |toujours )*(?:ete )?(?!jusqu)\p{L}+(?:e|es|ee|ees|i|is|u|us|it|ert|aint)\b|\p{L}{2,}(?<![eiudtv]r)(?:ait|ais)\b)`,
  'u',
);
const ENGLISH =
  /^\s*(?:\p{L}+ly |already |never )?(?:was|were|had|did|used to|sent|wrote|made|took|went|paid|got|gave|ran|built|\p{L}+ed)\b/u;
/** Who has accepted, promised or been chosen has yet to do it. */
const COMMITS =
  /\b(?:accept\w*|propos\w*|prom\w*|dit|disait|decid\w*|confirm\w*|prevu\w*|engag\w*|note|pris|prend\w*|choisi\w*|designe\w*|charge|agreed|offered|volunteered|said|committed|asked|supposed|meant)\b/;

/**
 * Whether what a subject does is over: "… a préparé", "… l'a déjà envoyé", "… devait", "… handled".
 *
 * @param rest what follows the subject in its clause
 */
export function isPast(rest: string): boolean {
  const plain = fold(rest).replaceAll('’', "'");
  return (FRENCH.test(plain) || ENGLISH.test(plain)) && !COMMITS.test(plain);
}
