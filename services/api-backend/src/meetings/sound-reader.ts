import {
  sessionEventSchema,
  type SessionEvent,
  type SessionEventType as EventType,
} from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Span } from '@eloquence/shared/contracts/meeting';
import type { Session } from '@eloquence/shared/contracts/sessions';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import type { Interval } from '@eloquence/shared/runtime/spans';
import { EVENT_PAGE, type ReadEvents } from '../events/event-reader.ts';
import { isPostgresOutage, reachable } from '../http/dependency.ts';
import { SOUND_FACTS, soundOf, type Sound } from './coverage.ts';

/** What somebody said, as far as uploads need to know: when, and under which id. */
export interface Said extends Interval {
  readonly utterance_id: string;
}

export interface SoundReaderDeps {
  readonly pool: Pool;
  /** The Redis stream: everything that Postgres may not have yet. */
  readonly stream: ReadEvents;
}

const SAID = 'utterance.final';
const JOINED = 'participant.joined';

/**
 * Reads what the log says of a meeting's sound: what is stored, of the types that matter, and what is only in the stream yet.
 * Hours of a meeting are tens of thousands of events, so they are not all read for each question.
 *
 * Every method throws AppError `unavailable` when Redis or Postgres does not answer in time.
 */
export class SoundReader {
  readonly #deps: SoundReaderDeps;

  constructor(deps: SoundReaderDeps) {
    this.#deps = deps;
  }

  /** @param nowMs ms since epoch */
  async sound(session: Session, nowMs: number): Promise<Sound> {
    const id = session.session_id;
    const storedTo = await this.#storedTo(id);
    const spans = await this.#storedSpans(id);
    const stored = await this.#stored(id, SOUND_FACTS);
    const streamed = await this.#streamed(id, storedTo, [...SOUND_FACTS, 'audio.transcribed']);
    return soundOf(inOrder(stored, streamed), { startedAtMs: startOf(session), nowMs }, spans);
  }

  /** Events of these types, in order. */
  async events(sessionId: SessionId, types: readonly EventType[]): Promise<SessionEvent[]> {
    // Stored first: what is stored meanwhile is in the stream as well.
    const storedTo = await this.#storedTo(sessionId);
    const stored = await this.#stored(sessionId, types);
    return inOrder(stored, await this.#streamed(sessionId, storedTo, types));
  }

  /** What one speaker has said so far, in order of time. */
  async said(sessionId: SessionId, speaker: string): Promise<Said[]> {
    const storedTo = await this.#storedTo(sessionId);
    const { rows } = await this.#query<Said>(
      'select utterance_id, start_ms, end_ms from utterances where session_id = $1 and speaker = $2',
      [sessionId, speaker],
    );
    const found = new Map(rows.map((row) => [row.utterance_id, row]));
    for (const event of await this.#streamed(sessionId, storedTo, [SAID])) {
      if (event.type === SAID && event.utterance.speaker === speaker) {
        const { utterance_id, start_ms, end_ms } = event.utterance;
        found.set(utterance_id, { utterance_id, start_ms, end_ms });
      }
    }
    return [...found.values()].toSorted((a, b) => a.start_ms - b.start_ms);
  }

  /** True when the log knows the speaker: they joined, or spoke. */
  async isKnown(sessionId: SessionId, speaker: string): Promise<boolean> {
    const joined = await this.events(sessionId, [JOINED]);
    if (joined.some((event) => event.type === JOINED && event.speaker === speaker)) return true;
    return (await this.said(sessionId, speaker)).length > 0;
  }

  /** The number up to which Postgres has everything. Workers may commit out of order, which leaves holes for a moment. */
  async #storedTo(sessionId: SessionId): Promise<number> {
    const { rows } = await this.#query<{ stored: number; last: number }>(
      'select count(*)::integer as stored, coalesce(max(seq), 0) as last from events where session_id = $1',
      [sessionId],
    );
    const { stored = 0, last = 0 } = rows[0] ?? {};
    if (stored === last) return last;
    const hole = await this.#query<{ seq: number }>(
      `select n as seq from generate_series(1, $2::integer) as n
       where not exists (select from events where session_id = $1 and seq = n) order by n limit 1`,
      [sessionId, last],
    );
    return (hole.rows[0]?.seq ?? last + 1) - 1;
  }

  async #stored(sessionId: SessionId, types: readonly EventType[]): Promise<SessionEvent[]> {
    const { rows } = await this.#query<{ seq: number; body: object }>(
      'select seq, body from events where session_id = $1 and type = any($2)',
      [sessionId, types],
    );
    return rows.flatMap(
      ({ seq, body }) => sessionEventSchema.safeParse({ ...body, seq, session_id: sessionId }).data ?? [],
    );
  }

  /** Merged by Postgres: ten people for four hours say more than ten thousand spans. */
  async #storedSpans(sessionId: SessionId): Promise<Span[]> {
    const { rows } = await this.#query<Span>(
      `select speaker, lower(span)::integer as start_ms, upper(span)::integer as end_ms
       from (
         select s.speaker, range_agg(int8range(s.start_ms, s.end_ms)) as spans
         from events, jsonb_to_recordset(body -> 'spans') as s (speaker text, start_ms bigint, end_ms bigint)
         where session_id = $1 and type = 'audio.transcribed' and s.end_ms > s.start_ms
         group by s.speaker
       ) as merged, unnest(spans) as span`,
      [sessionId],
    );
    return rows;
  }

  async #streamed(sessionId: SessionId, afterSeq: number, types: readonly EventType[]): Promise<SessionEvent[]> {
    const found: SessionEvent[] = [];
    for (let cursor = afterSeq; ;) {
      const page = await this.#deps.stream(sessionId, cursor, EVENT_PAGE);
      found.push(...page.filter((event) => types.includes(event.type)));
      // Entries that are no events are left out, so that only an empty page is the end.
      const last = page.at(-1);
      if (!last) return found;
      cursor = last.seq;
    }
  }

  #query<R extends object>(text: string, values: readonly unknown[]) {
    return reachable('Postgres', this.#deps.pool.query<R>(text, [...values]), isPostgresOutage);
  }
}

function inOrder(stored: readonly SessionEvent[], streamed: readonly SessionEvent[]): SessionEvent[] {
  const found = new Map([...stored, ...streamed].map((event) => [event.seq, event]));
  return [...found.values()].toSorted((a, b) => a.seq - b.seq);
}

/** ms since epoch; null before the session started. */
export const startOf = (session: Session): number | null =>
  session.started_at === null ? null : Date.parse(session.started_at);
