/** Nobody is told to come back later than this, whatever a vendor says. */
const MAX_RETRY_AFTER_S = 3_600;
const NUMBER = /^\d+(?:\.\d+)?$/;
/** Without a time of day `Date.parse` makes dates of almost anything. */
const DATE = /\d\d:\d\d:\d\d/;

/**
 * What a Retry-After header asks for (RFC 9110 §10.2.3: a number of seconds or a date).
 *
 * @returns whole seconds from 1 to 3600; undefined for none, a date that is past, or nonsense
 */
export function retryAfterSeconds(header: string | null | undefined): number | undefined {
  const given = header?.trim() ?? '';
  const seconds = NUMBER.test(given) ? Number(given) : DATE.test(given) ? (Date.parse(given) - Date.now()) / 1000 : 0;
  return seconds > 0 ? Math.min(MAX_RETRY_AFTER_S, Math.ceil(seconds)) : undefined;
}
