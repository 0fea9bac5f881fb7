import type { SessionId } from '@eloquence/shared/contracts/ids';
import { reportFormats, type MeetingState, type Report } from '@eloquence/shared/contracts/report';
import type { Pool, PoolClient } from '@eloquence/shared/runtime/postgres';
import type { Meeting } from './meeting.ts';
import { retryLaterMs } from '../report/retry-later.ts';
import { inSnapshot, readMeetingIn, type OnUnreadable } from './meeting-reader.ts';

/** What was published last. */
interface Published {
  readonly kind: Report['kind'];
  readonly draftReason: Report['draft_reason'];
  readonly endedAtMs: number;
  /** By speaker, as they are in the report. */
  readonly names: Readonly<Record<string, string>>;
}

/** How far the work on a meeting is, next to what is known of it. */
export interface Standing {
  readonly state: MeetingState;
  /** What was stored up to this reading, and up to where all of it is done. */
  readonly changed: number;
  readonly seen: number;
  readonly reportHash: string | null;
  readonly revision: number;
  readonly announced: number;
  readonly filed: number;
  /** Revision that all formats are rendered of; 0: none. */
  readonly rendered: number;
  readonly draftAtMs: number | null;
  readonly tries: number;
  readonly retryAtMs: number | null;
  readonly published: Published | null;
}

export interface MeetingInWork {
  readonly sessionId: SessionId;
  readonly state: MeetingState;
  /** True: something is to be done now; false: it is going on, and time alone may make something due. */
  readonly urgent: boolean;
}

/** What to publish, made of the meeting as it was at `revision`. */
export interface Publication {
  readonly report: Report;
  readonly hash: string;
  /** Published when this was made; another one now means that this comes too late. */
  readonly after: number;
  /** The draft of a new end. */
  readonly newEnd?: boolean;
  /** Ask a model again so long from now; null: no more. */
  readonly retryInMs: number | null;
  /** How often one was asked in vain. */
  readonly tries: number;
}

interface StandingRow {
  readonly state: MeetingState;
  readonly changed: string;
  readonly seen: string;
  readonly report_hash: string | null;
  readonly revision: number;
  readonly announced: number;
  readonly filed: number;
  readonly rendered: number;
  readonly draft_at: Date | null;
  readonly tries: number;
  readonly retry_at: Date | null;
  readonly published: {
    readonly kind: Report['kind'];
    readonly reason: Report['draft_reason'];
    readonly ended: string;
    readonly speakers: readonly { readonly speaker: string; readonly name: string }[];
  } | null;
}

/** Formats that must be there, made or not to be made, for a revision to count as rendered; no subtitles without a transcript. */
const FORMATS = Object.keys(reportFormats).length;
const SUBTITLES = 2;
const ALIVE = 'exists (select 1 from sessions s where s.session_id = m.session_id and s.deleted_at is null)';

/** Rows of `meetings`. Nothing is written of a session that was deleted. */
export class MeetingStore {
  readonly #pool: Pool;
  readonly #onUnreadable: OnUnreadable;

  constructor(pool: Pool, onUnreadable: OnUnreadable) {
    this.#pool = pool;
    this.#onUnreadable = onUnreadable;
  }

  /** Meeting and standing of one moment; undefined for a session that is no meeting, or is deleted. */
  read(sessionId: SessionId): Promise<{ meeting: Meeting; standing: Standing } | undefined> {
    return inSnapshot(this.#pool, async (client) => {
      const standing = await readStanding(client, sessionId);
      const meeting = standing && (await readMeetingIn(client, sessionId, this.#onUnreadable));
      return meeting && { meeting, standing };
    });
  }

  /** Meetings that anything is to be done for, or may soon be. */
  async inWork(limit: number): Promise<MeetingInWork[]> {
    // A session whose meeting nobody saw (its row was lost, or the kind came later) gets one.
    await this.#pool.query(
      `insert into meetings (session_id) select session_id from sessions s
       where kind = 'meeting' and deleted_at is null and state <> 'ended'
         and not exists (select 1 from meetings m where m.session_id = s.session_id) on conflict do nothing`,
    );
    const { rows } = await this.#pool.query<{ session_id: SessionId; state: MeetingState; urgent: boolean }>(
      `select session_id, state, changed > seen or state = 'writing' or announced < revision or filed < revision
         or coalesce(retry_at <= now(), false) as urgent
       from meetings m
       where (state in ('recording', 'writing') or changed > seen or announced < revision or filed < revision
         or retry_at <= now()) and ${ALIVE}
       order by session_id limit $1`,
      [limit],
    );
    return rows.map(({ session_id: sessionId, ...row }) => ({ sessionId, ...row }));
  }

  /** What a meeting goes through between reports. */
  async setState(sessionId: SessionId, state: MeetingState): Promise<void> {
    await this.#pool.query(
      `update meetings set state = $2, retry_at = case when $2 = 'recording' then null else retry_at end,
         tries = case when $2 = 'recording' then 0 else tries end where session_id = $1 and state <> $2`,
      [sessionId, state],
    );
  }

  /** All that follows from what was stored up to `changed` is done. */
  async markSeen(sessionId: SessionId, changed: number): Promise<void> {
    await this.#pool.query('update meetings set seen = $2 where session_id = $1 and seen < $2', [sessionId, changed]);
  }

  async markAnnounced(sessionId: SessionId, revision: number): Promise<void> {
    const text = 'update meetings set announced = $2 where session_id = $1 and announced < $2';
    await this.#pool.query(text, [sessionId, revision]);
  }

  async markFiled(sessionId: SessionId, revision: number): Promise<void> {
    const text = 'update meetings set filed = $2 where session_id = $1 and filed < $2';
    await this.#pool.query(text, [sessionId, revision]);
  }

  /** Files of meetings that have none of the folders are written again. */
  async refileAllBut(folders: readonly string[]): Promise<void> {
    const text = 'update meetings set filed = 0, seen = 0 where filed > 0 and session_id <> all($1)';
    await this.#pool.query(text, [folders]);
  }

  /** Number of the last event in Postgres. */
  async lastSeq(sessionId: SessionId): Promise<number> {
    const { rows } = await this.#pool.query<{ last: number }>(
      'select coalesce(max(seq), 0)::integer as last from events where session_id = $1',
      [sessionId],
    );
    return rows[0]?.last ?? 0;
  }

  /**
   * Publishes a report as the next revision.
   *
   * @returns its number; undefined when another one was published meanwhile, or the session was deleted
   */
  async publish(sessionId: SessionId, publication: Publication): Promise<number | undefined> {
    const { report, hash, after, newEnd = false, retryInMs, tries } = publication;
    const { rows } = await this.#pool.query<{ revision: number }>(
      `update meetings m set report = $3, report_hash = $4, revision = revision + 1, state = $5,
         draft_at = case when $6 then now() else draft_at end, tries = $8,
         retry_at = now() + $7::integer * interval '1 millisecond'
       where session_id = $1 and revision = $2 and ${ALIVE} returning revision`,
      [sessionId, after, JSON.stringify(report), hash, stateOf(report), newEnd, retryInMs, tries],
    );
    return rows[0]?.revision;
  }

  /** A published report under new names: the next revision of the same. */
  async republish(sessionId: SessionId, report: Report, after: number): Promise<number | undefined> {
    const { rows } = await this.#pool.query<{ revision: number }>(
      `update meetings m set report = $3, revision = revision + 1
       where session_id = $1 and revision = $2 and ${ALIVE} returning revision`,
      [sessionId, after, JSON.stringify(report)],
    );
    return rows[0]?.revision;
  }

  /** A model was asked in vain: it is asked again later, the later the oftener that was. */
  async postpone(sessionId: SessionId): Promise<void> {
    const text = 'select tries from meetings where session_id = $1';
    const tries = (await this.#pool.query<{ tries: number }>(text, [sessionId])).rows[0]?.tries ?? 0;
    const retryInMs = retryLaterMs(tries);
    await this.#pool.query(
      `update meetings set tries = $3, retry_at = now() + $2::integer * interval '1 millisecond' where session_id = $1`,
      [sessionId, retryInMs, retryInMs === null ? 0 : tries + 1],
    );
  }

  /** A model answers: what waits for one is asked now. */
  async hasten(sessionId: SessionId): Promise<void> {
    const text = 'update meetings set tries = 0, retry_at = now() where session_id = $1 and retry_at is not null';
    await this.#pool.query(text, [sessionId]);
  }

  /** There is nothing left to ask a model again about. */
  async stopRetrying(sessionId: SessionId): Promise<void> {
    const text = 'update meetings set tries = 0, retry_at = null where session_id = $1 and retry_at is not null';
    await this.#pool.query(text, [sessionId]);
  }

  /** The published report and its revision. */
  async published(sessionId: SessionId): Promise<{ report: Report; revision: number } | undefined> {
    const { rows } = await this.#pool.query<{ report: Report; revision: number }>(
      `select report, revision from meetings m where session_id = $1 and report is not null and ${ALIVE}`,
      [sessionId],
    );
    return rows[0];
  }

  /** How often something was published; 0 for a session that is gone. */
  async revision(sessionId: SessionId): Promise<number> {
    const text = `select revision from meetings m where session_id = $1 and ${ALIVE}`;
    return (await this.#pool.query<{ revision: number }>(text, [sessionId])).rows[0]?.revision ?? 0;
  }

  /** Those of the sessions that were deleted. A session this database does not know may be another's. */
  async deletedOf(sessionIds: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.query<{ id: string }>(
      'select session_id as id from sessions where session_id = any($1) and deleted_at is not null',
      [sessionIds],
    );
    return rows.map(({ id }) => id);
  }
}

function stateOf({ kind, draft_reason: reason }: Report): MeetingState {
  if (kind === 'final') return 'done';
  return reason === 'being_written' ? 'writing' : 'partial';
}

async function readStanding(client: PoolClient, sessionId: SessionId): Promise<Standing | undefined> {
  const { rows } = await client.query<StandingRow>(
    `select state, changed, seen, report_hash, revision, announced, filed, draft_at, tries, retry_at,
       case when report is null then null else jsonb_build_object('kind', report -> 'kind',
         'reason', report -> 'draft_reason', 'ended', report -> 'ended_at', 'speakers', report -> 'speakers')
       end as published,
       (select case when count(*) >= $2 - (jsonb_typeof(m.report -> 'transcript') = 'null')::integer * $3
          then min(f.revision) else 0 end from meeting_files f where f.session_id = m.session_id) as rendered
     from meetings m where session_id = $1`,
    [sessionId, FORMATS, SUBTITLES],
  );
  const row = rows[0];
  if (!row) return undefined;
  return {
    state: row.state,
    changed: Number(row.changed),
    seen: Number(row.seen),
    reportHash: row.report_hash,
    revision: row.revision,
    announced: row.announced,
    filed: row.filed,
    rendered: row.rendered ?? 0,
    draftAtMs: row.draft_at?.getTime() ?? null,
    tries: row.tries,
    retryAtMs: row.retry_at?.getTime() ?? null,
    published: row.published && {
      kind: row.published.kind,
      draftReason: row.published.reason,
      endedAtMs: Date.parse(row.published.ended),
      names: Object.fromEntries(row.published.speakers.map(({ speaker, name }) => [speaker, name])),
    },
  };
}
