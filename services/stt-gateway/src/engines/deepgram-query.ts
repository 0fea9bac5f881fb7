import { baseLanguage } from './language-codes.ts';

/** Languages nova-3 tells apart by region; any other region it refuses. */
const REGIONAL = new Set([
  'de-ch',
  'en-au',
  'en-gb',
  'en-in',
  'en-nz',
  'en-us',
  'es-419',
  'fr-ca',
  'nl-be',
  'pt-br',
  'pt-pt',
  'zh-cn',
  'zh-hk',
  'zh-tw',
]);
/** Deepgram takes 500 tokens of key terms. */
const MAX_KEYTERMS = 100;

/** What both of Deepgram's ways to transcribe take in the query. */
export function deepgramQuery(ask: {
  readonly model: string;
  readonly language: string | undefined;
  readonly keyterms: readonly string[];
}): URLSearchParams {
  const query = new URLSearchParams({ model: ask.model, smart_format: 'true', punctuate: 'true' });
  query.set('language', deepgramLanguage(ask.language));
  for (const term of ask.keyterms.slice(0, MAX_KEYTERMS)) query.append('keyterm', term);
  return query;
}

/** `multi` is nova-3's "find out, it may change in the middle". */
function deepgramLanguage(language: string | undefined): string {
  const base = baseLanguage(language);
  if (!base || !language) return 'multi';
  const full = language.replace('_', '-');
  return REGIONAL.has(full.toLowerCase()) ? full : base;
}
