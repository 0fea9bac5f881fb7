import type { Language } from '../contracts/ids.ts';

/** Short words that are frequent in one language and no word of the other. */
const marks: Record<Language, ReadonlySet<string>> = {
  fr: new Set(
    'je tu il elle nous vous le la les un une des du de et est sont pas pour avec dans que qui mon ma mes votre vos bonjour merci oui'.split(
      ' ',
    ),
  ),
  en: new Set(
    'i you he she we they the an of and is are not for with in that this my your hello hi thanks yes would what how it'.split(
      ' ',
    ),
  ),
};

/** The language most marks of a text point to; French when they say nothing. */
export function guessLanguage(text: string): Language {
  let balance = 0;
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    if (marks.fr.has(word)) balance += 1;
    if (marks.en.has(word)) balance -= 1;
  }
  return balance < 0 || (balance === 0 && /\b(?:good|please|start|ready)\b/i.test(text)) ? 'en' : 'fr';
}
