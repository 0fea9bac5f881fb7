import type { Language } from '@eloquence/shared/contracts/ids';
import { en, fr, type ParsedResult } from 'chrono-node';
import { numbersIn } from '@eloquence/shared/runtime/numbers-in';

const DAY_MS = 86_400_000;
const parsers = { fr, en };
const WEEKDAYS: Readonly<Record<Language, readonly string[]>> = {
  fr: ['dimanche', 'lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi'],
  en: ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'],
};
const MONTHS_FR = 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' ');
const FR_DAY = WEEKDAYS.fr.join('|');
const EN_DAY = WEEKDAYS.en.join('|');

/** A way to say a day, and the day it means; null: a stretch of time. */
interface Form {
  readonly pattern: RegExp;
  readonly day: (match: RegExpExecArray, today: Day) => string | null;
}

/** A calendar day. */
class Day {
  readonly ms: number;
  readonly #date: Date;

  constructor(ms: number) {
    this.#date = new Date(ms);
    this.ms = Date.UTC(this.#date.getUTCFullYear(), this.#date.getUTCMonth(), this.#date.getUTCDate());
  }

  in(days: number): string {
    return iso(this.ms + days * DAY_MS);
  }

  /** The next such weekday, this one excepted. */
  next(weekday: number): string {
    return this.in((weekday - this.#date.getUTCDay() + 7) % 7 || 7);
  }

  /** That weekday of the week that begins next Monday. */
  ofNextWeek(weekday: number): string {
    const toMonday = (8 - this.#date.getUTCDay()) % 7 || 7;
    return this.in(toMonday + ((weekday + 6) % 7));
  }

  /** The next such day of a month; null where the month has no such day. */
  nextOfMonth(day: number): string | null {
    const step = day > this.#date.getUTCDate() ? 0 : 1;
    const ms = Date.UTC(this.#date.getUTCFullYear(), this.#date.getUTCMonth() + step, day);
    return new Date(ms).getUTCDate() === day ? iso(ms) : null;
  }

  /** Last day of this month, or of one after it. */
  endOfMonth(step = 0): string {
    return iso(Date.UTC(this.#date.getUTCFullYear(), this.#date.getUTCMonth() + 1 + step, 0));
  }

  endOfNamedMonth(month: number): string {
    return this.endOfMonth((month - this.#date.getUTCMonth() + 12) % 12);
  }

  endOfYear(): string {
    return iso(Date.UTC(this.#date.getUTCFullYear(), 11, 31));
  }
}

/** Nobody means what is farther away; and years of five digits are no ISO dates. */
const MAX_DAYS = 3_660;

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const weekdayOf = (name: string | undefined, language: Language): number =>
  WEEKDAYS[language].indexOf((name ?? '').toLowerCase());

/** What chrono does not know, or takes for something else. Tried in order. */
const FORMS: Readonly<Record<Language, readonly Form[]>> = {
  fr: [
    { pattern: /apr[èe]s[- ]demain/i, day: (_, today) => today.in(2) },
    { pattern: /(?:la )?fin (?:du mois prochain)/i, day: (_, today) => today.endOfMonth(1) },
    { pattern: /(?:(?:la )?fin du mois|fin de mois)/i, day: (_, today) => today.endOfMonth() },
    { pattern: /(?:la )?fin de (?:l['’])?ann[ée]e/i, day: (_, today) => today.endOfYear() },
    {
      pattern: new RegExp(String.raw`(?:la )?fin (?:de |d['’])?(${MONTHS_FR.join('|')})`, 'i'),
      day: ([, month], today) => today.endOfNamedMonth(MONTHS_FR.indexOf((month ?? '').toLowerCase())),
    },
    { pattern: /(?:la )?fin de (?:la )?semaine(?: prochaine)?/i, day: () => null },
    {
      pattern: new RegExp(String.raw`\b(${FR_DAY}) (?:de la semaine prochaine|en huit)`, 'i'),
      day: ([, name], today) => today.ofNextWeek(weekdayOf(name, 'fr')),
    },
    {
      pattern: new RegExp(
        String.raw`\b(?:${FR_DAY}) (\d{1,2})\b(?!\s*(?:h|heures?|[:/.]\d|${MONTHS_FR.join('|')}))`,
        'i',
      ),
      day: ([, day], today) => today.nextOfMonth(Number(day)),
    },
    {
      pattern: new RegExp(String.raw`\b(${FR_DAY})(?: prochain)?\b(?!\s*\d|\s+dernier)`, 'i'),
      day: ([, name], today) => today.next(weekdayOf(name, 'fr')),
    },
    { pattern: /ce soir|cet apr[èe]s[- ]midi|aujourd['’]hui|dans la journ[ée]e/i, day: (_, today) => today.in(0) },
    {
      pattern: new RegExp(
        String.raw`\ble (\d{1,2}|premier|1er)\b(?!\s*(?:\d|h\b|heures?|%|pour ?cent|euros?|e\b|sur\b|des?\b|du\b|[:/.]\d|${MONTHS_FR.join('|')}))`,
        'i',
      ),
      day: ([, day], today) => today.nextOfMonth(/^\d/.test(day ?? '') ? Number.parseInt(day ?? '', 10) : 1),
    },
    {
      pattern: /dans (?:une |1 )?(?:huitaine|huit jours)/i,
      day: (_, today) => today.in(7),
    },
    { pattern: /dans (?:une |1 )?(?:quinzaine|quinze jours)/i, day: (_, today) => today.in(14) },
    {
      pattern: /(?:d['’]ici|dans|sous) ([\p{L}\d-]+(?: [\p{L}]+)?) (jours?|semaines?)/iu,
      day: ([, count, unit], today) => inDays(count, unit, today),
    },
    {
      pattern: /(?:la semaine|le mois|le trimestre|l['’]ann[ée]e) prochaine?|cette semaine|ce mois-ci/i,
      day: () => null,
    },
  ],
  en: [
    { pattern: /(?:the )?end of (?:the |this )?week/i, day: () => null },
    { pattern: /(?:the )?end of (?:the )?(?:next|following) month/i, day: (_, today) => today.endOfMonth(1) },
    { pattern: /(?:the )?end of (?:the |this )?month/i, day: (_, today) => today.endOfMonth() },
    { pattern: /(?:the )?end of (?:the |this )?year/i, day: (_, today) => today.endOfYear() },
    {
      pattern: /(?:the )?end of (?:the )?(?:day|business)|\beod\b|tonight|this (?:afternoon|evening)/i,
      day: (_, today) => today.in(0),
    },
    {
      pattern: new RegExp(String.raw`\b(${EN_DAY}) (?:of )?next week`, 'i'),
      day: ([, name], today) => today.ofNextWeek(weekdayOf(name, 'en')),
    },
    {
      pattern: new RegExp(String.raw`\b(?:${EN_DAY}),? (?:the )?(\d{1,2})(?:st|nd|rd|th)\b(?! of)`, 'i'),
      day: ([, day], today) => today.nextOfMonth(Number(day)),
    },
    { pattern: new RegExp(String.raw`\ba week (?:from|on) (${EN_DAY})`, 'i'), day: () => null },
    { pattern: /\bthe (\d{1,2})(?:st|nd|rd|th)\b(?! of)/i, day: ([, day], today) => today.nextOfMonth(Number(day)) },
    {
      pattern: /(?:in|within) ([a-z\d-]+(?: [a-z]+)?) (days?|weeks?)/i,
      day: ([, count, unit], today) => inDays(count, unit, today),
    },
    { pattern: /(?:next|this) (?:week|month|quarter|year)/i, day: () => null },
  ],
};

function inDays(count: string | undefined, unit: string | undefined, today: Day): string | null {
  const [number] = /^(?:une?|an?|one)$/i.test(count ?? '') ? ['1'] : numbersIn(count ?? '');
  if (number === undefined) return null;
  const days = Number(number) * (/^(?:semaine|week)/i.test(unit ?? '') ? 7 : 1);
  return days <= MAX_DAYS ? today.in(days) : null;
}

interface DueWords {
  readonly text: string;
  readonly index: number;
  readonly date: string | null;
}

/**
 * The day that words mean, ISO; null for a stretch of time ("next week") and for what code cannot tell. "vendredi prochain" is the
 * Friday that comes next, "next Friday" the one of next week, as chrono has it.
 *
 * @param saidAtMs by the clock on the wall, see `wallClockMs`
 */
export function dateOf(text: string, language: Language, saidAtMs: number): string | null {
  const days = new Set(daysIn(text, language, saidAtMs).map(({ date }) => date));
  const [only = null] = days;
  return days.size === 1 ? only : null;
}

/** Words of a text that mean a day or a stretch of time, as they were said. */
export function dueWordsIn(text: string, language: Language, saidAtMs: number): string[] {
  return daysIn(text, language, saidAtMs).map(({ text: words }) => words);
}

function daysIn(text: string, language: Language, saidAtMs: number): DueWords[] {
  const today = new Day(saidAtMs);
  const found: DueWords[] = [];
  let rest = text;
  for (const { pattern, day } of FORMS[language]) {
    const match = pattern.exec(rest);
    if (!match) continue;
    found.push({ text: match[0], index: match.index, date: day(match, today) });
    // What has been read means nothing else any more.
    rest = blank(rest, match.index, match[0].length);
  }
  // Late in the day: a weekday is never the meeting's own.
  const reference = { instant: new Date(today.ms + DAY_MS - 1), timezone: 0 };
  // "The quarter before August 3" is no time before a time.
  const free = rest.replaceAll(/\b(?:before|by|until)\b/gi, (word) => blank(word, 0, word.length));
  for (const result of parsers[language].parse(free, reference, { forwardDate: true }))
    if (isDay(result)) found.push({ text: result.text, index: result.index, date: isoOf(result) });
  return found.toSorted((a, b) => a.index - b.index);
}

const blank = (text: string, at: number, length: number): string =>
  text.slice(0, at) + '\u00b7'.repeat(length) + text.slice(at + length);

/** An hour alone is no day, and what is past is no term. */
function isDay({ start, text }: ParsedResult): boolean {
  if (/\b(?:hier|veille|yesterday|ago|last)\b|derni/i.test(text)) return false;
  return start.isCertain('day') || start.isCertain('weekday') || /month|mois/i.test(text);
}

function isoOf({ start }: ParsedResult): string | null {
  const [year, month, day] = [start.get('year'), start.get('month'), start.get('day')];
  if (year === null || month === null || day === null || year > 9_999) return null;
  return iso(Date.UTC(year, month - 1, day));
}
