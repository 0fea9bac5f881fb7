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

/** Words in lower case without accents, and numbers, with where they stand. */
function tokensOf(text: string): { readonly text: string; readonly start: number; readonly end: number }[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)].map((match) => ({
    text: match[0].toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, ''),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/**
 * The numbers a text says, in digits or in words, each as digits: `12 000`, `12,000` and "douze mille" are all `12000`.
 *
 * @param options.parts also what a number may be read as in other ways: `3.200` as it stands, the parts of a date, "un"
 */
export function numbersIn(text: string, options: { readonly parts?: boolean } = {}): Set<string> {
  const found = new Set<string>();
  for (const [digits] of text.matchAll(DIGITS)) {
    const isGrouped = /^\d{1,3}(?:[ \u00a0\u202f.,]\d{3})+$/.test(digits);
    found.add(isGrouped ? digits.replaceAll(/\D/g, '') : digits.replaceAll(',', '.'));
    if (!options.parts) continue;
    found.add(digits.replaceAll(/[ \u00a0\u202f]/g, '').replaceAll(',', '.'));
    // A date: `12.03.2026`. Of another number a part is another number.
    const parts = digits.split(/[.,]/);
    if (parts.length > 2 && !isGrouped) for (const part of parts) found.add(String(Number(part)));
  }
  addWords(text, found, options.parts ?? false);
  return found;
}

function addWords(text: string, found: Set<string>, ones: boolean): void {
  let run: string[] = [];
  const flush = () => {
    for (const number of numbersOf(run))
      if (ones || number.some((word) => !ONES.has(word))) found.add(String(valueOf(number)));
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

/** Numbers said one after the other: "cinq six personnes" are two, "quatre-vingt-dix" is one. */
function numbersOf(run: readonly string[]): string[][] {
  const numbers: string[][] = [];
  for (const word of run.filter((each) => !LINKS.has(each))) {
    const last = numbers.at(-1);
    if (last && goesOn(valueOf(last), word)) last.push(word);
    else numbers.push([word]);
  }
  return numbers;
}

/** Whether a word can belong to the number so far: "vingt" and "six", not "cinq" and "six". */
function goesOn(soFar: number, word: string): boolean {
  if (word in FACTORS) return true;
  const value = VALUES[word] ?? 1;
  const rest = soFar % 100;
  if (rest === 0) return soFar > 0;
  if (value === 20) return rest === 4;
  if (value < 10) return rest >= 20 && rest % 10 === 0;
  return value < 20 && (rest === 60 || rest === 80);
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
