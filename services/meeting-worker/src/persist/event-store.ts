import { sessionEventBodySchema, type SessionEvent } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { SessionKind } from '@eloquence/shared/contracts/scenario';
import { parseEntry } from '@eloquence/shared/runtime/event-log';
import { inTransaction, type Pool, type PoolClient } from '@eloquence/shared/runtime/postgres';
import { rawOf, type StreamEntry } from './stream-entry.ts';

/** What became of a batch. `missing`: the session was deleted, nothing of it may be kept. */
export type Outcome =
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'stored';
      /** Types of the events that were not there before. */
      readonly types: readonly string[];
      /** Entries set aside that were not there before. */
      readonly poisoned: number;
      /** The session has ended, or an event of the batch says so. */
      readonly ended: boolean;
      /** Something is new in a meeting: notes may have to be written. */
      readonly meeting: boolean;
    };

interface SessionRow {
  readonly state: string;
  readonly kind: SessionKind;
  readonly deleted: boolean;
}

/** The Postgres side of copying. Writing the same entries again changes nothing. */
export class EventStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Writes entries of one session in one transaction: events, utterances, the session's state. Entries that are no events, and
   * events Postgres cannot hold, go to `poison_events` instead.
   */
  async store(sessionId: SessionId, entries: readonly StreamEntry[]): Promise<Outcome> {
    const events: SessionEvent[] = [];
    const poison: StreamEntry[] = [];
    for (const entry of entries) {
      const event = parseEntry(sessionId, entry.id, entry.fields);
      if (event) events.push(event);
      else poison.push(entry);
    }
    try {
      return await inTransaction(this.#pool, (client) => write(client, sessionId, events, poison));
    } catch (error) {
      if (!isDataFault(error)) throw error;
      return this.#storeSingly(sessionId, entries);
    }
  }

  /** One entry Postgres refuses must not hold up the others: finds it and sets it aside. */
  async #storeSingly(sessionId: SessionId, entries: readonly StreamEntry[]): Promise<Outcome> {
    const outcomes: Outcome[] = [];
    const [only, ...others] = entries;
    if (only && others.length === 0) {
      return inTransaction(this.#pool, (client) => write(client, sessionId, [], [only]));
    }
    for (const entry of entries) outcomes.push(await this.store(sessionId, [entry]));
    const stored = outcomes.filter((outcome) => outcome.kind === 'stored');
    if (stored.length < outcomes.length) return { kind: 'missing' };
    return {
      kind: 'stored',
      types: stored.flatMap((outcome) => outcome.types),
      poisoned: stored.reduce((sum, outcome) => sum + outcome.poisoned, 0),
      ended: stored.some((outcome) => outcome.ended),
      meeting: stored.some((outcome) => outcome.meeting),
    };
  }

  /** Numbers from 1 to `lastSeq` that are neither events nor set aside. Empty for a session that is gone. */
  async missingSeqs(sessionId: SessionId, lastSeq: number): Promise<number[]> {
    const { rows } = await this.#pool.query<{ seq: number }>(
      `select n as seq from generate_series(1, $2::integer) as n
       where not exists (select 1 from events where session_id = $1 and seq = n)
         and not exists (select 1 from poison_events where session_id = $1 and stream_id = n || '-0')
       order by n`,
      [sessionId, lastSeq],
    );
    return rows.map((row) => row.seq);
  }

  /**
   * How a session stands: gone, not (known to have) ended, or ended. Marks it ended when its own last event of that kind says so.
   * One that was taken up again is open until it ends once more, also while `session.resumed` is still on its way here.
   */
  async close(sessionId: SessionId): Promise<'gone' | 'open' | 'ended'> {
    return inTransaction(this.#pool, async (client) => {
      const session = await lockSession(client, sessionId);
      if (!session || session.deleted) return 'gone';
      const { rows } = await client.query<{ type: string; at: Date; reason: string }>(
        `select type, at, body ->> 'reason' as reason from events e
         where session_id = $1 and type in ('session.ended', 'session.resumed')
           and (select resumed from sessions where session_id = $1)
             <= (select count(*) from events where session_id = $1 and type = 'session.resumed')
         order by seq desc limit 1`,
        [sessionId],
      );
      const [last] = rows;
      if (last?.type !== 'session.ended') return 'open';
      await client.query(
        `update sessions set state = 'ended', ended_at = coalesce(ended_at, $2), end_reason = coalesce(end_reason, $3)
         where session_id = $1 and (state <> 'ended' or ended_at is null or end_reason is null)`,
        [sessionId, last.at, last.reason],
      );
      return 'ended';
    });
  }
}

/** Locking the row keeps two workers from writing one session at once, and a deletion from slipping in between. */
async function lockSession(client: PoolClient, sessionId: SessionId): Promise<SessionRow | undefined> {
  const { rows } = await client.query<SessionRow>(
    'select state, kind, deleted_at is not null as deleted from sessions where session_id = $1 for update',
    [sessionId],
  );
  return rows[0];
}

async function write(
  client: PoolClient,
  sessionId: SessionId,
  events: readonly SessionEvent[],
  poison: readonly StreamEntry[],
): Promise<Outcome> {
  const session = await lockSession(client, sessionId);
  if (!session || session.deleted) return { kind: 'missing' };
  const types = await insertEvents(client, sessionId, events);
  await insertUtterances(client, sessionId, events);
  await updateSession(client, sessionId, events);
  const poisoned = await insertPoison(client, sessionId, poison);
  const ended = session.state === 'ended' || events.some((event) => event.type === 'session.ended');
  const meeting = session.kind === 'meeting' && types.length > 0;
  if (meeting) await markChanged(client, sessionId);
  return { kind: 'stored', types, poisoned, ended, meeting };
}

/** In the same transaction as what is new, so that no crash hides it from the sweep over meetings. */
async function markChanged(client: PoolClient, sessionId: SessionId): Promise<void> {
  await client.query(
    `insert into meetings (session_id) values ($1)
     on conflict (session_id) do update set changed = meetings.changed + 1`,
    [sessionId],
  );
}

async function insertEvents(
  client: PoolClient,
  sessionId: SessionId,
  events: readonly SessionEvent[],
): Promise<string[]> {
  if (events.length === 0) return [];
  const rows = events.map((event) => {
    const body = sessionEventBodySchema.parse(event);
    return { seq: event.seq, at: body.at, type: body.type, body };
  });
  const { rows: inserted } = await client.query<{ type: string }>(
    `insert into events (session_id, seq, at, type, body)
     select $1, e.seq, e.at, e.type, e.body
     from jsonb_to_recordset($2::jsonb) as e (seq integer, at timestamptz, type text, body jsonb)
     on conflict do nothing returning type`,
    [sessionId, JSON.stringify(rows)],
  );
  return inserted.map((row) => row.type);
}

async function insertUtterances(
  client: PoolClient,
  sessionId: SessionId,
  events: readonly SessionEvent[],
): Promise<void> {
  const rows = events.flatMap((event) =>
    event.type === 'utterance.final'
      ? [{ ...event.utterance, seq: event.seq, words: event.utterance.words ?? null }]
      : [],
  );
  if (rows.length === 0) return;
  await client.query(
    `insert into utterances (session_id, utterance_id, seq, speaker, role, text, start_ms, end_ms, words)
     select $1, u.utterance_id, u.seq, u.speaker, u.role, u.text, u.start_ms, u.end_ms, u.words
     from jsonb_to_recordset($2::jsonb) as u (utterance_id text, seq integer, speaker text, role text, text text,
       start_ms integer, end_ms integer, words jsonb)
     on conflict do nothing`,
    [sessionId, JSON.stringify(rows)],
  );
}

/** `started_at` is what utterance times count from; `active` means somebody is in the room. An ended session stays ended. */
async function updateSession(client: PoolClient, sessionId: SessionId, events: readonly SessionEvent[]): Promise<void> {
  const started = events.find((event) => event.type === 'session.started');
  const joined = events.some((event) => event.type === 'participant.joined' && event.kind !== 'agent');
  if (!started && !joined) return;
  await client.query(
    `update sessions set started_at = coalesce(started_at, $2::timestamptz),
       state = case state when 'created' then 'active' else state end
     where session_id = $1`,
    [sessionId, started?.at ?? null],
  );
}

async function insertPoison(client: PoolClient, sessionId: SessionId, poison: readonly StreamEntry[]): Promise<number> {
  if (poison.length === 0) return 0;
  const { rowCount } = await client.query(
    `insert into poison_events (session_id, stream_id, raw)
     select $1, p.stream_id, p.raw from unnest($2::text[], $3::text[]) as p (stream_id, raw)
     on conflict do nothing`,
    [sessionId, poison.map((entry) => entry.id), poison.map(rawOf)],
  );
  return rowCount ?? 0;
}

/** SQLSTATE classes 22 (a value no column can hold) and 23 (a constraint): the fault of the data, not of the moment. */
function isDataFault(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^2[23]...$/.test(code);
}
