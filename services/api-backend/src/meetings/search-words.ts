import type { Language } from '@eloquence/shared/contracts/ids';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import { isPostgresOutage, reachable } from '../http/dependency.ts';

/** More words than that make no search better. */
const MAX_WORDS = 24;

/**
 * Words that questions are made of and that say nothing of what is asked. Without accents; the languages' own stop words are left
 * out by Postgres.
 */
const QUESTION_WORDS = new Set(
  (
    'quel quelle quels quelles quand combien comment pourquoi ou qui quoi est ce dit dits dite parle parler parlait evoque ' +
    'reunion meeting question a t il elle avons avez nous vous on peux peut peuvent pouvez savoir rappeler rappelle ' +
    'what which when where who whom whose why how did does do was were is are said say says told tell talk talked about discuss ' +
    'discussed mention mentioned anybody anyone somebody someone'
  ).split(' '),
);

/** A text in lower case without accents, letter by letter as `text_plain` in the database does it. */
export const plain = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('œ', 'oe')
    .replaceAll('æ', 'ae')
    .replaceAll('’', "'");

/** What is looked for: one query of Postgres' full-text search per word; any of them finds, more of them rank higher. */
export interface SearchWords {
  readonly queries: readonly string[];
  /** All of them, joined by "or"; null when there is nothing to look for. */
  readonly either: string | null;
}

/**
 * The words of a question as the database looks for them: by stem, in French and English, with accents or without. Where only stop words
 * are left, those are looked for.
 *
 * @throws AppError `unavailable`
 */
export async function searchWords(pool: Pool, text: string, language: Language): Promise<SearchWords> {
  const all = [...new Set(text.match(/[\p{L}\p{N}]+/gu) ?? [])].filter(
    (word) => word.length > 1 || /\p{N}/u.test(word),
  );
  const telling = all.filter((word) => !QUESTION_WORDS.has(plain(word)));
  const words = (telling.length > 0 ? telling : all).slice(0, MAX_WORDS);
  const query = pool.query<{ query: string; stop: boolean }>(
    `select text_query(word)::text as query, to_tsvector($2::regconfig, text_lower(word)) = ''::tsvector as stop
     from unnest($1::text[]) with ordinality as given (word, n) where numnode(text_query(word)) > 0 order by n`,
    [words, language === 'fr' ? 'french' : 'english'],
  );
  const { rows } = await reachable('Postgres', query, isPostgresOutage);
  const kept = rows.some((row) => !row.stop) ? rows.filter((row) => !row.stop) : rows;
  const queries = [...new Set(kept.map((row) => row.query))];
  return { queries, either: queries.length > 0 ? queries.map((one) => `(${one})`).join(' | ') : null };
}
