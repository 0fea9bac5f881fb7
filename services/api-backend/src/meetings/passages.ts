import type { Language, SessionId } from '@eloquence/shared/contracts/ids';
import type { Chunk, MeetingItem } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import { isPostgresOutage, reachable } from '../http/dependency.ts';
import { plain, searchWords, type SearchWords } from './search-words.ts';

/** Utterances that answer best, and what was said around them. */
export interface Passages {
  /** In spoken order, hits and neighbours. */
  readonly shown: readonly Utterance[];
  /** Best first: those that hold at least half of what was asked for, or prove an item of the kind asked for. */
  readonly best: readonly Utterance[];
}

const MAX_HITS = 12;
const MAX_BEST = 5;
/** What fits the context of a small local model, with the instructions and the answer. */
const MAX_LETTERS = 9_000;

/** Questions that name a kind of note rather than words of the meeting. */
const KINDS: readonly (readonly [RegExp, MeetingItem['kind']])[] = [
  [/\bdecid|\bdecision|\bretenu|\barrete\b|\bagree/, 'decision'],
  [/\baction|\btache|\btask|\btodo\b|qui (?:doit|fait|s'occupe)|who (?:does|will|has to)|a faire\b/, 'action'],
  [/\bquestions? (?:ouverte|en suspens|sans reponse)|open question|\ben suspens/, 'question'],
];

interface Hit {
  readonly utterance_id: string;
  readonly matched: number;
  readonly rank: number;
}

export interface PassageQuery {
  readonly sessionId: SessionId;
  readonly language: Language;
  readonly question: string;
  /** The whole transcript, in spoken order. */
  readonly utterances: readonly Utterance[];
  readonly chunks: readonly Chunk[];
}

/**
 * The passages of a meeting that a question is about: utterances that hold its words, utterances that prove items that do, and what was
 * said right before and after.
 *
 * @throws AppError `unavailable`
 */
export async function findPassages(pool: Pool, query: PassageQuery): Promise<Passages> {
  const { utterances, chunks, question, language, sessionId } = query;
  const words = await searchWords(pool, question, language);
  const needed = Math.max(1, Math.ceil(words.queries.length / 2));
  const found = words.either === null ? [] : await search(pool, sessionId, words);
  const asked = itemsOfKind(chunks, question).map((id): Hit => ({ utterance_id: id, matched: needed, rank: 0 }));
  const hits = merge([...found, ...asked]);
  const place = new Map(utterances.map((utterance, index) => [utterance.utterance_id, index]));
  const placed = hits.flatMap((hit) => {
    const index = place.get(hit.utterance_id);
    return index === undefined ? [] : [{ ...hit, index }];
  });
  return {
    shown: around(
      utterances,
      placed.map(({ index }) => index),
    ),
    best: placed
      .filter(({ matched }) => matched >= needed)
      .slice(0, MAX_BEST)
      .flatMap(({ index }) => utterances[index] ?? []),
  };
}

async function search(pool: Pool, sessionId: SessionId, { either, queries }: SearchWords): Promise<Hit[]> {
  const query = pool.query<Hit>(
    `with matching as (
       select utterance_id, text_words(text) as words from utterances
       where session_id = $1 and role = 'user' and text_words(text) @@ $2::tsquery
       union all
       select e ->> 'utterance_id', text_words(item ->> 'text')
       from meeting_chunks c, jsonb_array_elements(c.body -> 'items') item, jsonb_array_elements(item -> 'evidence') e
       where c.session_id = $1 and text_words(item ->> 'text') @@ $2::tsquery
     )
     select utterance_id, (select count(*) from unnest($3::tsquery[]) one where words @@ one)::int as matched,
       ts_rank(words, $2::tsquery)::float8 as rank
     from matching order by 2 desc, 3 desc limit $4`,
    [sessionId, either, queries, MAX_HITS * 2],
  );
  return (await reachable('Postgres', query, isPostgresOutage)).rows;
}

function itemsOfKind(chunks: readonly Chunk[], question: string): string[] {
  const text = plain(question);
  const kinds = new Set(KINDS.filter(([pattern]) => pattern.test(text)).map(([, kind]) => kind));
  return chunks
    .flatMap((chunk) => chunk.items)
    .filter((item) => kinds.has(item.kind))
    .flatMap((item) => item.evidence.map((one) => one.utterance_id));
}

/** One hit per utterance, its best, best first. */
function merge(hits: readonly Hit[]): Hit[] {
  const byId = new Map<string, Hit>();
  for (const hit of hits) {
    const before = byId.get(hit.utterance_id);
    if (!before || hit.matched > before.matched || (hit.matched === before.matched && hit.rank > before.rank))
      byId.set(hit.utterance_id, hit);
  }
  return [...byId.values()].toSorted((a, b) => b.matched - a.matched || b.rank - a.rank).slice(0, MAX_HITS);
}

/** The best hits with one utterance before and after, as many as fit. */
function around(utterances: readonly Utterance[], hits: readonly number[]): Utterance[] {
  const chosen = new Set<number>();
  let letters = 0;
  for (const hit of hits)
    for (const index of [hit, hit - 1, hit + 1]) {
      const utterance = utterances[index];
      if (!utterance || chosen.has(index) || letters + utterance.text.length > MAX_LETTERS) continue;
      letters += utterance.text.length;
      chosen.add(index);
    }
  return [...chosen].toSorted((a, b) => a - b).flatMap((index) => utterances[index] ?? []);
}
