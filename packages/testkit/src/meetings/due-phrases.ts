import type { DuePhrase } from './phrases.ts';

const DAY_MS = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const FRENCH_DAYS = ['dimanche', 'lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi'];
const ENGLISH_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Days of the meeting's calendar, UTC. */
class Calendar {
  readonly #start: Date;

  constructor(startedAtMs: number) {
    this.#start = new Date(startedAtMs);
  }

  inDays(days: number): string {
    return iso(this.#start.getTime() + days * DAY_MS);
  }

  /** Days until the weekday comes, 1 to 7. */
  until(weekday: number): number {
    return (weekday - this.#start.getUTCDay() + 7) % 7 || 7;
  }

  endOfMonth(): string {
    return iso(Date.UTC(this.#start.getUTCFullYear(), this.#start.getUTCMonth() + 1, 0));
  }

  /** The next such day, the meeting's own excepted. */
  nextDate(month: number, day: number): string {
    const year = this.#start.getUTCFullYear();
    const date = Date.UTC(year, month, day);
    return iso(date > this.#start.getTime() ? date : Date.UTC(year + 1, month, day));
  }
}

/** Ways to say until when, with the days they mean in a meeting of that day. */
export function duePhrases(startedAtMs: number, months: readonly string[]): DuePhrase[] {
  const calendar = new Calendar(startedAtMs);
  const list = months[0] === 'janvier' ? frenchPhrases(calendar) : englishPhrases(calendar);
  // 3 or 12 of the month after next: never the meeting's own day.
  const month = (new Date(startedAtMs).getUTCMonth() + 2) % 12;
  const days = [3, 12].map((day) => {
    const text = months[0] === 'janvier' ? `${day} ${months[month]}` : `${months[month]} ${day}`;
    const said = months[0] === 'janvier' ? `avant le ${text}` : `before ${text}`;
    return { said, text, dates: [calendar.nextDate(month, day)] };
  });
  return [...list, ...days];
}

function weekdays(calendar: Calendar, names: readonly string[]) {
  return [1, 4, 5].map((weekday) => ({ name: names[weekday] ?? '', days: calendar.until(weekday) }));
}

function frenchPhrases(calendar: Calendar): DuePhrase[] {
  return [
    ...weekdays(calendar, FRENCH_DAYS).flatMap(({ name, days }) => [
      { said: `pour ${name}`, text: name, dates: [calendar.inDays(days)] },
      {
        said: `pour ${name} prochain`,
        text: `${name} prochain`,
        dates: [calendar.inDays(days), calendar.inDays(days + 7)],
      },
    ]),
    { said: 'pour demain', text: 'demain', dates: [calendar.inDays(1)] },
    { said: 'après-demain', text: 'après-demain', dates: [calendar.inDays(2)] },
    { said: 'dans dix jours', text: 'dans dix jours', dates: [calendar.inDays(10)] },
    { said: 'dans deux semaines', text: 'dans deux semaines', dates: [calendar.inDays(14)] },
    { said: "d'ici la fin du mois", text: "d'ici la fin du mois", dates: [calendar.endOfMonth()] },
  ];
}

function englishPhrases(calendar: Calendar): DuePhrase[] {
  return [
    ...weekdays(calendar, ENGLISH_DAYS).flatMap(({ name, days }) => [
      { said: `by ${name}`, text: name, dates: [calendar.inDays(days)] },
      { said: `by next ${name}`, text: `next ${name}`, dates: [calendar.inDays(days), calendar.inDays(days + 7)] },
    ]),
    { said: 'by tomorrow', text: 'tomorrow', dates: [calendar.inDays(1)] },
    { said: 'by the day after tomorrow', text: 'the day after tomorrow', dates: [calendar.inDays(2)] },
    { said: 'in ten days', text: 'in ten days', dates: [calendar.inDays(10)] },
    { said: 'in two weeks', text: 'in two weeks', dates: [calendar.inDays(14)] },
    { said: 'by the end of the month', text: 'the end of the month', dates: [calendar.endOfMonth()] },
  ];
}
