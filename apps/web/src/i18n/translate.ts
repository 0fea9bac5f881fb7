import type { Language } from '@eloquence/shared/contracts/ids';
import { withFixedSpaces } from './fixed-spaces.ts';
import { en } from './en.ts';
import { fr } from './fr.ts';
import type { MessageKey, Messages } from './fr.ts';

const languages: Readonly<Record<Language, Messages>> = { fr, en };

/** Says a text in one language. */
export type Translate = (key: MessageKey, values?: Readonly<Record<string, string | number>>) => string;

/** The translator of a language. A value the text names and nobody gave stays visible as `{name}`. */
export function translator(language: Language): Translate {
  const messages = languages[language];
  return (key, values = {}) =>
    withFixedSpaces(messages[key].replace(/\{(\w+)\}/g, (mark, name: string) => String(values[name] ?? mark)));
}

/** What the browser asks for: the first of its languages that we speak, French when it speaks neither. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.slice(0, 2).toLowerCase();
    if (base === 'fr' || base === 'en') return base;
  }
  return 'fr';
}
