import type { Language } from '@eloquence/shared/contracts/ids';

/**
 * What a person said or a model wrote, made safe for a page in any format: one line, whole characters, and nothing that reorders
 * or hides what stands around it (a name with U+202E turns the rest of the line round).
 */
export function cleanText(text: string): string {
  return (
    text
      .toWellFormed()
      .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
      // XML forbids the last two.
      .replaceAll(/[\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C\uFEFF\uFFFE\uFFFF]/g, '')
      .replaceAll(/ {2,}/g, ' ')
      .trim()
  );
}

/** U+202F: a narrow space at which no line breaks. */
const NARROW = '\u202F';
/** U+00A0. */
export const FIXED = '\u00A0';

/**
 * French puts spaces before high punctuation and inside its quotation marks; lines must not break there. Only spaces that are
 * there are changed: times, addresses and verbatim words stay as they are.
 */
export function typeset(text: string, language: Language): string {
  if (language !== 'fr') return text;
  return text
    .replaceAll(/ (?=[;!?])/g, NARROW)
    .replaceAll(/ (?=[:»])|(?<=«) /g, FIXED)
    .replaceAll(/(?<=\b\d{1,3}) (?=\d{3}(?!\d))/g, NARROW)
    .replaceAll(/(?<=\d) (?=(?:h|min|s|%|€|\$)(?![\p{L}\d]))/gu, FIXED);
}

const pad = (value: number) => String(value).padStart(2, '0');

/** `hh:mm:ss` of a time of the meeting, ms. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${pad(Math.floor(seconds / 3_600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

/** A length of time in words: `1 h 05 min`, `12 min`, `45 s`. */
export function lengthInWords(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}${FIXED}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}${FIXED}min`;
  return `${Math.floor(minutes / 60)}${FIXED}h${FIXED}${pad(minutes % 60)}${FIXED}min`;
}

/** 0.453 as `45 %` (fr) or `45%` (en). */
export function percent(value: number, language: Language): string {
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value);
  return language === 'fr' ? `${number}${FIXED}%` : `${number}%`;
}

/** `lundi 19 janvier 2026` of an ISO date. */
export function dayInWords(date: string, language: Language): string {
  const format = new Intl.DateTimeFormat(locale(language), { dateStyle: 'full', timeZone: 'UTC' });
  return format.format(new Date(`${date.slice(0, 10)}T00:00:00Z`));
}

/** `lundi 19 janvier 2026 à 15 h 30` and how far from UTC that is. */
export function momentInWords(iso: string, language: Language, timeZone: string): string {
  const date = new Date(iso);
  const day = new Intl.DateTimeFormat(locale(language), { dateStyle: 'full', timeZone }).format(date);
  const parts = new Intl.DateTimeFormat(locale(language), {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'shortOffset',
    timeZone,
  }).formatToParts(date);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? '';
  const zone = part('timeZoneName').replace('GMT', 'UTC');
  return language === 'fr'
    ? `${day} à ${Number(part('hour'))}${FIXED}h${FIXED}${part('minute')} (${zone})`
    : `${day} at ${part('hour')}:${part('minute')} (${zone})`;
}

const locale = (language: Language) => (language === 'fr' ? 'fr-FR' : 'en-GB');
