import { bare } from './prompt-lines.ts';
import type { PlantedFact } from './planted-meeting.ts';

/** Lower case, no accents, one space, digits together. */
export const simple = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[’']/g, "'")
    .replaceAll(/(?<=\d)[\s.,](?=\d{3}(?!\d))/gu, '')
    .toLowerCase()
    .replaceAll(/\s+/g, ' ');

/** Whether a text names everything that makes the fact this one and no other. */
export function hasKeys(text: string, keys: readonly string[]): boolean {
  const within = ` ${simple(text).replaceAll(/[^a-z0-9. ]+/g, ' ')} `;
  return keys.every((key) => {
    const want = simple(key);
    // Figures and names count whole ("Quartz" is no quarter), words by their beginning: plural and gender may differ.
    return /\d|^\p{Lu}/u.test(key) || want.length < 6
      ? wholeWord(within, want)
      : within.includes(` ${want.slice(0, -1)}`);
  });
}

const wholeWord = (within: string, want: string): boolean =>
  within.includes(` ${want} `) || within.includes(` ${want}. `) || within.includes(` ${want}s `);

/** Words by which people say that something is not so. */
const NEGATIONS =
  /\b(ne|n|pas|jamais|aucun|aucune|renoncer?|annuler?|abandonner?|not|never|no longer|won t|don t|give up|cancel)\b/;

export const isNegative = (text: string): boolean => NEGATIONS.test(simple(text).replaceAll(/[^a-z0-9]+/g, ' '));

export const factOf = (facts: readonly PlantedFact[], kind: string, text: string): PlantedFact | undefined =>
  facts.find((fact) => fact.kind === kind && hasKeys(text, fact.keys));

/** Whether words stand in what was said, signs and spaces aside. */
export const saidIn = (words: string, text: string): boolean => bare(words) !== '' && bare(text).includes(bare(words));
