import { tokensOf } from './words.ts';

const VALUES: Readonly<Record<string, number>> = {
  zero: 0,
  deux: 2,
  trois: 3,
  quatre: 4,
  cinq: 5,
  six: 6,
  sept: 7,
  huit: 8,
  neuf: 9,
  dix: 10,
  onze: 11,
  douze: 12,
  treize: 13,
  quatorze: 14,
  quinze: 15,
  seize: 16,
  vingt: 20,
  vingts: 20,
  trente: 30,
  quarante: 40,
  cinquante: 50,
  soixante: 60,
  septante: 70,
  huitante: 80,
  nonante: 90,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
};
const FACTORS: Readonly<Record<string, number>> = {
  cent: 100,
  cents: 100,
  hundred: 100,
  mille: 1000,
  thousand: 1000,
  million: 1e6,
  millions: 1e6,
  milliard: 1e9,
  milliards: 1e9,
  billion: 1e9,
};
/** A word that is a number, or part of one. */
export const isNumberWord = (word: string): boolean => word in VALUES || word in FACTORS;

/** One alone is an article; inside a number it counts. */
const ONES = new Set(['un', 'une', 'one']);
const LINKS = new Set(['et', 'and']);
const DIGITS = /\d{1,3}(?:[ \u00a0\u202f.,]\d{3})+(?!\d)|\d+(?:[.,]\d+)*/g;

/**
 * The numbers a text says, in digits or in words, each as digits: `12 000`, `12,000` and "douze mille" are all `12000`.
 *
 * @param options.parts also what a number may be read as in other ways: `3.200` as it stands, each word by itself
 */
export function numbersIn(text: string, options: { readonly parts?: boolean } = {}): Set<string> {
  const found = new Set<string>();
  for (const [digits] of text.matchAll(DIGITS)) {
    const isGrouped = /^\d{1,3}(?:[ \u00a0\u202f.,]\d{3})+$/.test(digits);
    found.add(isGrouped ? digits.replaceAll(/\D/g, '') : digits.replaceAll(',', '.'));
    if (!options.parts) continue;
    found.add(digits.replaceAll(/[ \u00a0\u202f]/g, '').replaceAll(',', '.'));
    for (const part of digits.split(/\D/)) found.add(part);
  }
  addWords(text, found, options.parts ?? false);
  return found;
}

function addWords(text: string, found: Set<string>, parts: boolean): void {
  let run: string[] = [];
  const flush = () => {
    while (run.length > 0 && LINKS.has(run.at(-1) ?? '')) run.pop();
    if (run.some((word) => !ONES.has(word) && !LINKS.has(word))) found.add(String(valueOf(run)));
    if (parts) for (const word of run) addPart(word, found);
    run = [];
  };
  let end = 0;
  for (const { text: word, start, end: next } of tokensOf(text)) {
    if (/[^\s-]/.test(text.slice(end, start))) flush();
    end = next;
    const isNumber = word in VALUES || word in FACTORS || ONES.has(word);
    if (isNumber || (LINKS.has(word) && run.length > 0)) run.push(word);
    else flush();
  }
  flush();
}

function addPart(word: string, found: Set<string>): void {
  const value = VALUES[word] ?? FACTORS[word] ?? (ONES.has(word) ? 1 : undefined);
  if (value !== undefined) found.add(String(value));
}

function valueOf(words: readonly string[]): number {
  let total = 0;
  let current = 0;
  for (const word of words) {
    const factor = FACTORS[word];
    const value = VALUES[word] ?? (ONES.has(word) ? 1 : 0);
    if (factor === 100) current = Math.max(1, current) * 100;
    else if (factor !== undefined) {
      total += Math.max(1, current) * factor;
      current = 0;
    } else if (value === 20 && current % 100 === 4) current += 76;
    else current += value;
  }
  return total + current;
}
