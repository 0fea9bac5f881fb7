import type { SessionId } from '@eloquence/shared/contracts/ids';
import { utteranceSchema, type Session, type Transcript, type Utterance } from '@eloquence/shared/contracts/sessions';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import type { QueryResultRow } from 'pg';
import { EVENT_PAGE, type ReadEvents } from '../events/event-reader.ts';
import { isPostgresOutage, reachable } from '../http/dependency.ts';

interface Placed {
  readonly seq: number;
  readonly utterance: Utterance;
}

export interface TranscriptDeps {
  readonly pool: Pool;
  /** The Redis stream. */
  readonly stream: ReadEvents;
}

/**
 * What was said, in spoken order: Postgres plus what it does not have yet. The stream is read first, because an utterance
 * leaves it only after Postgres has it.
 *
 * @throws AppError `unavailable`
 */
export async function readTranscript(deps: TranscriptDeps, session: Session): Promise<Transcript> {
  const streamed = await readStreamed(deps.stream, session.session_id);
  const stored = await readStored(deps.pool, session.session_id);
  const byId = new Map([...streamed, ...stored].map((placed) => [placed.utterance.utterance_id, placed]));
  const utterances = [...byId.values()]
    .toSorted((a, b) => a.utterance.start_ms - b.utterance.start_ms || a.seq - b.seq)
    .map((placed) => placed.utterance);
  return { session_id: session.session_id, language: session.language, utterances };
}

async function readStreamed(stream: ReadEvents, sessionId: SessionId): Promise<Placed[]> {
  const found: Placed[] = [];
  let cursor = 0;
  for (;;) {
    const events = await stream(sessionId, cursor, EVENT_PAGE);
    for (const event of events) {
      if (event.type === 'utterance.final') found.push({ seq: event.seq, utterance: event.utterance });
    }
    const last = events.at(-1);
    if (!last) return found;
    cursor = last.seq;
  }
}

async function readStored(pool: Pool, sessionId: SessionId): Promise<Placed[]> {
  const query = pool.query<QueryResultRow & { seq: number; words: unknown }>(
    `select seq, utterance_id, speaker, role, text, start_ms, end_ms, words from utterances where session_id = $1`,
    [sessionId],
  );
  const { rows } = await reachable('Postgres', query, isPostgresOutage);
  return rows.map(({ seq, words, ...row }) => ({
    seq,
    utterance: utteranceSchema.parse({ ...row, ...(words !== null && { words }) }),
  }));
}
