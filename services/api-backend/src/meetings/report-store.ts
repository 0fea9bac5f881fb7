import type { SessionId } from '@eloquence/shared/contracts/ids';
import { chunkSchema, type Chunk } from '@eloquence/shared/contracts/meeting';
import {
  meetingStateSchema,
  reportFormats,
  reportSchema,
  type MeetingState,
  type Report,
  type ReportFormat,
} from '@eloquence/shared/contracts/report';
import type { Session } from '@eloquence/shared/contracts/sessions';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import type { QueryResult, QueryResultRow } from 'pg';
import { isPostgresOutage, reachable } from '../http/dependency.ts';

export interface PublishedReport {
  readonly state: MeetingState;
  /** 0: nothing yet. */
  readonly revision: number;
  readonly report: Report | null;
  readonly formats: readonly ReportFormat[];
  readonly failedFormats: readonly ReportFormat[];
}

export interface ReportFile {
  /** Null: it could not be made. */
  readonly bytes: Buffer | null;
  readonly revision: number;
}

/** How the minutes of one meeting stand, without them. */
export interface Standing {
  readonly state: MeetingState;
  /** null: none are written yet. */
  readonly durationMs: number | null;
}

/** Postgres hears of an end, and of a meeting that goes on, a moment later than whoever asks. */
export function stateOf({ state }: Pick<Session, 'state'>, written: MeetingState): MeetingState {
  if (state !== 'ended') return 'recording';
  return written === 'recording' ? 'writing' : written;
}

interface PublishedRow {
  readonly state: string;
  readonly revision: number;
  readonly report: unknown;
  readonly formats: string[];
  readonly failed: string[];
}

const isFormat = (name: string): name is ReportFormat => name in reportFormats;

/** What meeting-worker has written of meetings. Every method throws AppError `unavailable` when Postgres is away. */
export class ReportStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** In order. */
  async chunks(sessionId: SessionId): Promise<Chunk[]> {
    const { rows } = await this.#query<{ body: unknown }>(
      `select body from meeting_chunks where session_id = $1 order by n`,
      [sessionId],
    );
    return rows.map((row) => chunkSchema.parse(row.body));
  }

  async published(sessionId: SessionId): Promise<PublishedReport> {
    const { rows } = await this.#query<PublishedRow>(
      `select state, revision, report,
         array(select format from meeting_files f where f.session_id = m.session_id and bytes is not null order by format) as formats,
         array(select format from meeting_files f where f.session_id = m.session_id and bytes is null order by format) as failed
       from meetings m where session_id = $1`,
      [sessionId],
    );
    const [row] = rows;
    if (!row) return { state: 'recording', revision: 0, report: null, formats: [], failedFormats: [] };
    return {
      state: meetingStateSchema.parse(row.state),
      revision: row.revision,
      report: row.report === null ? null : reportSchema.parse(row.report),
      formats: row.formats.filter(isFormat),
      failedFormats: row.failed.filter(isFormat),
    };
  }

  /** Of those meetings that meeting-worker has seen. */
  async standing(sessionIds: readonly SessionId[]): Promise<ReadonlyMap<SessionId, Standing>> {
    const { rows } = await this.#query<{ session_id: SessionId; state: string; duration_ms: number | null }>(
      `select session_id, state, (report ->> 'duration_ms')::int as duration_ms from meetings where session_id = any($1)`,
      [sessionIds],
    );
    return new Map(
      rows.map(({ session_id: id, state, duration_ms: durationMs }) => [
        id,
        { state: meetingStateSchema.parse(state), durationMs },
      ]),
    );
  }

  async file(sessionId: SessionId, format: ReportFormat): Promise<ReportFile | undefined> {
    const { rows } = await this.#query<ReportFile>(
      `select bytes, revision from meeting_files where session_id = $1 and format = $2`,
      [sessionId, format],
    );
    return rows[0];
  }

  /** A format that could not be made is tried again by meeting-worker. Does nothing to others. */
  async renderAgain(sessionId: SessionId, format: ReportFormat): Promise<void> {
    await this.#query(
      `with failed as (delete from meeting_files where session_id = $1 and format = $2 and bytes is null returning session_id)
       update meetings set filed = 0 where session_id in (select session_id from failed)`,
      [sessionId, format],
    );
  }

  #query<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<QueryResult<R>> {
    return reachable('Postgres', this.#pool.query<R>(text, [...values]), isPostgresOutage);
  }
}
