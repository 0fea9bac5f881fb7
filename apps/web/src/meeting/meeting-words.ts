import type { Language } from '@eloquence/shared/contracts/ids';
import type { Translate } from '../i18n/translate.ts';

const MINUTE_MS = 60_000;

/** A length as people say it, to the minute: `45 min`, `1 h 05 min`. */
export function lengthInWords(durationMs: number, t: Translate): string {
  const minutes = Math.round(durationMs / MINUTE_MS);
  if (minutes < 1) return t('meetings.shortest');
  if (minutes < 60) return t('meetings.minutes', { min: minutes });
  return t('meetings.hours', { h: Math.floor(minutes / 60), min: String(minutes % 60).padStart(2, '0') });
}

/** Day and time a meeting began, in the reader's time zone. */
export function startInWords(startedAt: string, language: Language): string {
  const format = new Intl.DateTimeFormat(language, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  return format.format(new Date(startedAt));
}
