import type { SessionId } from '@eloquence/shared/contracts/ids';
import {
  sessionSchema,
  type CreateSessionRequest,
  type EndReason,
  type Session,
  type SessionState,
} from '@eloquence/shared/contracts/sessions';
import { inTransaction, type Pool } from '@eloquence/shared/runtime/postgres';
import type { QueryResult, QueryResultRow } from 'pg';
import * as z from 'zod';
import { forgetSessions, forgetWriters } from '../chat/usage/usage-store.ts';
import { isPostgresOutage, reachable } from '../http/dependency.ts';
import { encodeCursor, type ListPosition } from './list-cursor.ts';

type SessionOptions = NonNullable<CreateSessionRequest['options']>;

export interface NewSession {
  /** Whose it is: see tenantOf. */
  readonly tenant: string;
  readonly session: Pick<
    Session,
    'session_id' | 'user_id' | 'scenario_id' | 'kind' | 'language' | 'name' | 'room_name'
  >;
  /** What the person who opens it is called, where that is not the session's name. */
  readonly participantName?: string | undefined;
  readonly options: SessionOptions;
  readonly consent: CreateSessionRequest['consent'];
}

/** An Idempotency-Key with whose it is and what was asked with it. */
export interface IdempotencyClaim {
  readonly tenant: string;
  readonly key: string;
  readonly requestHash: string;
}

export interface KnownRequest {
  readonly sessionId: SessionId;
  readonly requestHash: string;
}

export interface ListFilter {
  /** undefined = of everybody. */
  readonly tenants: readonly string[] | undefined;
  readonly userId: string | undefined;
  readonly states: readonly SessionState[] | undefined;
  /** undefined = of every kind. */
  readonly kind?: Session['kind'] | undefined;
  readonly after: ListPosition | undefined;
  readonly limit: number;
}

export interface OpenSession {
  readonly session: Session;
  readonly ageMs: number;
}

const COLUMNS = `session_id, user_id, scenario_id, kind, language, name, state, end_reason, room_name, created_at, started_at, ended_at`;
/** Postgres counts microseconds, JavaScript does not: a cursor carries the text. */
const EXACT_CREATED_AT = `to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as exact_created_at`;
const ALIVE = 'deleted_at is null';
/** Tables that hold what was said in a session, or what was made of it. */
const SAID_IN = [
  'events',
  'utterances',
  'idempotency_keys',
  'poison_events',
  'meetings',
  'meeting_chunks',
  'meeting_files',
  'meeting_speakers',
  'meeting_answers',
] as const;

const rowSchema = z
  .object({ created_at: z.date(), started_at: z.date().nullable(), ended_at: z.date().nullable() })
  .loose()
  .transform((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    ended_at: row.ended_at?.toISOString() ?? null,
  }))
  .pipe(sessionSchema);

/**
 * Rows of sessions in Postgres. Every method throws AppError `unavailable` when Postgres does not answer in time.
 */
export class SessionStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Writes a new session, and the claim on its Idempotency-Key, or neither.
   *
   * @returns false when the key has been claimed already, possibly a moment ago by another instance
   */
  async insert(row: NewSession, claim: IdempotencyClaim | undefined): Promise<Session | false> {
    const { tenant, session, participantName, options, consent } = row;
    const write = inTransaction(this.#pool, async (client) => {
      const inserted = await client.query(
        `insert into sessions (session_id, user_id, scenario_id, language, name, room_name, options, consent, state, tenant, kind,
           participant_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'created', $9, $10, $11) returning ${COLUMNS}`,
        [
          session.session_id,
          session.user_id,
          session.scenario_id,
          session.language,
          session.name,
          session.room_name,
          JSON.stringify(options),
          consent ? JSON.stringify(consent) : null,
          tenant,
          session.kind,
          participantName ?? null,
        ],
      );
      if (claim) {
        const { rowCount } = await client.query(
          `insert into idempotency_keys (tenant, key, request_hash, session_id) values ($1, $2, $3, $4) on conflict do nothing`,
          [claim.tenant, claim.key, claim.requestHash, session.session_id],
        );
        if (rowCount === 0) throw new KeyTaken();
      }
      return rowSchema.parse(inserted.rows[0]);
    });
    return reachable('Postgres', write, isPostgresOutage).catch((error: unknown) => {
      if (error instanceof KeyTaken) return false;
      throw error;
    });
  }

  /** What an Idempotency-Key was used for within its day of life. */
  async findRequest(tenant: string, key: string): Promise<KnownRequest | undefined> {
    const { rows } = await this.#query<{ session_id: SessionId; request_hash: string }>(
      `select session_id, request_hash from idempotency_keys where tenant = $1 and key = $2`,
      [tenant, key],
    );
    return rows[0] && { sessionId: rows[0].session_id, requestHash: rows[0].request_hash };
  }

  async find(sessionId: SessionId): Promise<Session | undefined> {
    const { rows } = await this.#query(`select ${COLUMNS} from sessions where session_id = $1 and ${ALIVE}`, [
      sessionId,
    ]);
    return rows[0] && rowSchema.parse(rows[0]);
  }

  async findByRoom(roomName: string): Promise<Session | undefined> {
    const { rows } = await this.#query(`select ${COLUMNS} from sessions where room_name = $1 and ${ALIVE}`, [roomName]);
    return rows[0] && rowSchema.parse(rows[0]);
  }

  async options(sessionId: SessionId): Promise<unknown> {
    const { rows } = await this.#query<{ options: unknown }>(`select options from sessions where session_id = $1`, [
      sessionId,
    ]);
    return rows[0]?.options;
  }

  /** What the person who opened the session is called in it, where they said so. */
  async openerName(sessionId: SessionId): Promise<string | null> {
    const { rows } = await this.#query<{ participant_name: string | null }>(
      `select participant_name from sessions where session_id = $1`,
      [sessionId],
    );
    return rows[0]?.participant_name ?? null;
  }

  /** Whose session it is; undefined when there is none. */
  async tenantOf(sessionId: SessionId): Promise<string | undefined> {
    const { rows } = await this.#query<{ tenant: string }>(
      `select tenant from sessions where session_id = $1 and ${ALIVE}`,
      [sessionId],
    );
    return rows[0]?.tenant;
  }

  /** One page, newest first, and the cursor of the next one. */
  async list(filter: ListFilter): Promise<{ readonly sessions: Session[]; readonly nextCursor: string | null }> {
    const { rows } = await this.#query<{ session_id: string; exact_created_at: string }>(
      `select ${COLUMNS}, ${EXACT_CREATED_AT} from sessions
       where ${ALIVE}
         and ($1::text is null or user_id = $1)
         and ($2::text[] is null or state = any($2))
         and ($3::timestamptz is null or created_at < $3 or (created_at = $3 and session_id > $4))
         and ($6::text[] is null or tenant = any($6))
         and ($7::text is null or kind = $7)
       order by created_at desc, session_id limit $5`,
      [
        filter.userId ?? null,
        filter.states ?? null,
        filter.after?.createdAt ?? null,
        filter.after?.sessionId ?? null,
        filter.limit + 1,
        filter.tenants ?? null,
        filter.kind ?? null,
      ],
    );
    const page = rows.slice(0, filter.limit);
    const last = page.at(-1);
    const more = rows.length > filter.limit && last;
    return {
      sessions: page.map((row) => rowSchema.parse(row)),
      nextCursor: more ? encodeCursor({ createdAt: last.exact_created_at, sessionId: last.session_id }) : null,
    };
  }

  /** Sessions that have not ended, oldest first. */
  async listOpen(limit: number): Promise<OpenSession[]> {
    const { rows } = await this.#query<{ age_ms: string }>(
      `select ${COLUMNS}, extract(epoch from now() - created_at) * 1000 as age_ms from sessions
       where state <> 'ended' and ${ALIVE} order by created_at limit $1`,
      [limit],
    );
    return rows.map((row) => ({ session: rowSchema.parse(row), ageMs: Number(row.age_ms) }));
  }

  /** Those of the rooms whose session has ended or was deleted. */
  async closedAmong(roomNames: readonly string[]): Promise<string[]> {
    const { rows } = await this.#query<{ room_name: string }>(
      `select room_name from sessions where room_name = any($1) and (state = 'ended' or deleted_at is not null)`,
      [roomNames],
    );
    return rows.map((row) => row.room_name);
  }

  /** Whether minutes of this session are (about to be) written: not yet settled, and not given up after ten minutes. */
  async awaitsMinutes(sessionId: SessionId): Promise<boolean> {
    const { rowCount } = await this.#query(
      `select 1 from sessions left join meetings using (session_id)
       where session_id = $1 and kind = 'meeting' and ${ALIVE} and coalesce(ended_at, now()) > now() - interval '10 minutes'
         and coalesce(meetings.state, 'recording') in ('recording', 'writing')`,
      [sessionId],
    );
    return rowCount === 1;
  }

  /** Marks a session ended; false when it was already, or does not exist. */
  async markEnded(sessionId: SessionId, reason: EndReason, at: Date): Promise<boolean> {
    const { rowCount } = await this.#query(
      `update sessions set state = 'ended', end_reason = $2, ended_at = $3 where session_id = $1 and state <> 'ended'`,
      [sessionId, reason, at],
    );
    return rowCount === 1;
  }

  /** What resuming has to know of a session. */
  async past(sessionId: SessionId): Promise<{ readonly resumed: number; readonly lastSeq: number }> {
    const { rows } = await this.#query<{ resumed: number; last_seq: number }>(
      `select resumed, coalesce((select max(seq) from events e where e.session_id = s.session_id), 0) as last_seq
       from sessions s where session_id = $1`,
      [sessionId],
    );
    return { resumed: rows[0]?.resumed ?? 0, lastSeq: rows[0]?.last_seq ?? 0 };
  }

  /** Makes an ended session go on, for the `time`th time; false when it has not ended, was deleted, or another did it. */
  async markResumed(sessionId: SessionId, time: number): Promise<boolean> {
    const { rowCount } = await this.#query(
      `with resumed as (
         update sessions set state = case when started_at is null then 'created' else 'active' end,
           ended_at = null, end_reason = null, resumed = $2
         where session_id = $1 and state = 'ended' and deleted_at is null and resumed = $2 - 1 returning session_id),
       meeting as (
         update meetings set state = 'recording' where session_id in (select session_id from resumed))
       select from resumed`,
      [sessionId, time],
    );
    return rowCount === 1;
  }

  /** Meetings whose log goes on since half a minute, and whose row has not heard of it: whoever took them up again died at it. */
  async halfResumed(): Promise<{ readonly sessionId: SessionId; readonly time: number }[]> {
    const { rows } = await this.#query<{ session_id: SessionId; time: number }>(
      `select session_id, resumed + 1 as time from meetings m join sessions s using (session_id)
       where m.state = 'recording' and s.state = 'ended' and ${ALIVE}
         and resumed < (select count(*) from events e where e.session_id = s.session_id
           and type = 'session.resumed' and at < now() - interval '30 seconds')`,
      [],
    );
    return rows.map(({ session_id: sessionId, time }) => ({ sessionId, time }));
  }

  /** Takes back a row whose session never came to be. */
  async remove(sessionId: SessionId): Promise<void> {
    await this.#query(`delete from sessions where session_id = $1`, [sessionId]);
  }

  /**
   * Removes everything said and everything personal of a session; what its models cost stays on its tenant's account. An empty tombstone stays for a while, so that an agent's last
   * words, already on their way to Postgres, find no unknown session; {@link purge} removes it and them.
   */
  async erase(sessionId: SessionId): Promise<void> {
    const erase = inTransaction(this.#pool, async (client) => {
      await client.query(
        `update sessions set deleted_at = now(), state = 'ended', end_reason = coalesce(end_reason, 'deleted'),
           ended_at = coalesce(ended_at, now()), user_id = 'deleted', name = null, participant_name = null, options = '{}', consent = null
         where session_id = $1`,
        [sessionId],
      );
      for (const table of SAID_IN) {
        await client.query(`delete from ${table} where session_id = $1`, [sessionId]);
      }
      await forgetSessions(client, [sessionId]);
    });
    await reachable('Postgres', erase, isPostgresOutage);
  }

  /**
   * Sessions deleted more than `olderThanMs` ago whose tombstone still stands. That of a meeting stands for 30 days, because it is
   * what tells a meeting-worker that was away to remove the meeting's files.
   */
  async tombstones(olderThanMs: number): Promise<SessionId[]> {
    const { rows } = await this.#query<{ session_id: SessionId }>(
      `select session_id from sessions where deleted_at < now() - $1 * interval '1 millisecond'
         and (kind <> 'meeting' or deleted_at < now() - interval '30 days') limit 1000`,
      [olderThanMs],
    );
    return rows.map((row) => row.session_id);
  }

  /** Removes tombstones with whatever reached them, and Idempotency-Keys older than a day. */
  async purge(sessionIds: readonly SessionId[]): Promise<void> {
    await this.#query(`delete from sessions where session_id = any($1) and deleted_at is not null`, [sessionIds]);
    await reachable('Postgres', forgetSessions(this.#pool, sessionIds), isPostgresOutage);
    await reachable('Postgres', forgetWriters(this.#pool), isPostgresOutage);
    await this.#query(`delete from poison_events where session_id = any($1)`, [sessionIds]);
    await this.#query(`delete from idempotency_keys where created_at < now() - interval '24 hours'`, []);
  }

  /** Resolves when Postgres answers. */
  async ping(): Promise<void> {
    await this.#query('select 1', []);
  }

  #query<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<QueryResult<R>> {
    return reachable('Postgres', this.#pool.query<R>(text, [...values]), isPostgresOutage);
  }
}

/** The Idempotency-Key belongs to another session: rolls the transaction back. */
class KeyTaken extends Error {
  override readonly name = 'KeyTaken';
  /** Not an outage (see isPostgresOutage). */
  readonly code = '23505';
}
