import type { Language, SessionId } from '@eloquence/shared/contracts/ids';
import type { SearchResponse } from '@eloquence/shared/contracts/meeting-api';
import { utteranceSchema } from '@eloquence/shared/contracts/sessions';
import { guessLanguage } from '@eloquence/shared/runtime/guess-language';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import { isPostgresOutage, reachable } from '../http/dependency.ts';
import { evidenceOf } from './quotes.ts';
import { plain, searchWords } from './search-words.ts';
import { speakersOf } from './speaker-names.ts';

export interface MeetingSearch {
  /** undefined = of everybody. */
  readonly tenants: readonly string[] | undefined;
  readonly text: string;
  readonly userId: string | undefined;
  readonly limit: number;
}

interface Row {
  readonly session_id: SessionId;
  readonly language: Language;
  readonly name: string | null;
  readonly started_at: Date;
  readonly [member: string]: unknown;
}

/**
 * Where something was said, over all meetings of some tenants: first what holds most of the words, then what holds them closest and oftenest,
 * then the newest.
 *
 * @throws AppError `unavailable`
 */
export async function searchMeetings(pool: Pool, search: MeetingSearch): Promise<SearchResponse> {
  const { either, queries } = await searchWords(pool, search.text, guessLanguage(search.text));
  if (either === null) return { hits: [] };
  const query = pool.query<Row>(
    `select s.session_id, s.language, s.name, coalesce(s.started_at, s.created_at) as started_at,
       u.utterance_id, u.speaker, u.role, u.text, u.start_ms, u.end_ms,
       (select count(*) from unnest($3::tsquery[]) one where text_words(u.text) @@ one) as matched,
       ts_rank_cd(text_words(u.text), $2::tsquery) as rank
     from utterances u join sessions s using (session_id)
     where text_words(u.text) @@ $2::tsquery and u.role = 'user'
       and s.kind = 'meeting' and s.deleted_at is null and ($1::text[] is null or s.tenant = any($1))
       and ($4::text is null or s.user_id = $4)
     order by matched desc, rank desc, started_at desc, u.start_ms limit $5`,
    [search.tenants ?? null, either, queries, search.userId ?? null, search.limit],
  );
  const { rows } = await reachable('Postgres', query, isPostgresOutage);
  const nameOf = await namesIn(pool, rows);
  return {
    hits: rows.map((row) => {
      const utterance = utteranceSchema.parse(row);
      return {
        session_id: row.session_id,
        title: row.name ?? row.session_id,
        started_at: row.started_at.toISOString(),
        speaker_name: nameOf(row.session_id, utterance.speaker),
        evidence: evidenceOf(utterance, snippet(utterance.text, search.text)),
      };
    }),
  };
}

/** What speakers are called in the meetings that were found. */
async function namesIn(pool: Pool, rows: readonly Row[]): Promise<(sessionId: SessionId, speaker: string) => string> {
  const languages = new Map(rows.map(({ session_id: id, language }) => [id, language]));
  const meetings = [...languages].map(async ([id, language]) => {
    const speakers = await speakersOf(pool, id, language);
    return [id, new Map(speakers.map(({ speaker, name }) => [speaker, name]))] as const;
  });
  const names = new Map(await Promise.all(meetings));
  return (id, speaker) => names.get(id)?.get(speaker) ?? speaker;
}

const SNIPPET_LETTERS = 240;
/** Before the word that was found. */
const LEAD_LETTERS = 80;
/** Letters two words must share to be taken for one stem. */
const STEM_LETTERS = 4;

/** The part of a long text around the first word looked for, cut between words. */
function snippet(text: string, looked: string): string {
  if (text.length <= SNIPPET_LETTERS) return text;
  const stems = new Set((plain(looked).match(/[\p{L}\p{N}]{2,}/gu) ?? []).map((word) => word.slice(0, STEM_LETTERS)));
  const word = [...text.matchAll(/[\p{L}\p{N}]{2,}/gu)].find(([found]) =>
    stems.has(plain(found).slice(0, STEM_LETTERS)),
  );
  const wanted = Math.min(Math.max(0, (word?.index ?? 0) - LEAD_LETTERS), text.length - SNIPPET_LETTERS);
  const from = wanted === 0 ? 0 : text.indexOf(' ', wanted) + 1;
  const end = text.lastIndexOf(' ', from + SNIPPET_LETTERS);
  return text.slice(from, text.length - from <= SNIPPET_LETTERS || end <= from ? undefined : end).trim();
}
