import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { ReportFormat } from '@eloquence/shared/contracts/report';
import { inTransaction, type Pool } from '@eloquence/shared/runtime/postgres';

/** What became of a report in one format. */
export interface Rendering {
  readonly revision: number;
  /** Null: it could not be made, and nobody tries again by himself. */
  readonly bytes: Uint8Array | null;
}

/** Rows of `meeting_files`. Nothing is written of a session that was deleted. */
export class ReportFiles {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Keeps a rendering, unless one of a later revision is there. */
  async keep(sessionId: SessionId, format: ReportFormat, { revision, bytes }: Rendering): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      // The lock keeps a deletion from slipping in between.
      const alive = 'select 1 from sessions where session_id = $1 and deleted_at is null for share';
      const { rowCount } = await client.query(alive, [sessionId]);
      if (rowCount === 0) return;
      await client.query(
        `insert into meeting_files (session_id, format, revision, bytes) values ($1, $2, $3, $4)
         on conflict (session_id, format) do update set revision = excluded.revision, bytes = excluded.bytes
         where meeting_files.revision <= excluded.revision`,
        [sessionId, format, revision, bytes && Buffer.from(bytes)],
      );
    });
  }

  async list(sessionId: SessionId): Promise<{ format: ReportFormat; revision: number }[]> {
    const { rows } = await this.#pool.query<{ format: ReportFormat; revision: number }>(
      'select format, revision from meeting_files where session_id = $1 order by format',
      [sessionId],
    );
    return rows;
  }

  /** Null for a format that could not be made. */
  async bytes(sessionId: SessionId, format: ReportFormat): Promise<Buffer | null> {
    const text = 'select bytes from meeting_files where session_id = $1 and format = $2';
    return (await this.#pool.query<{ bytes: Buffer | null }>(text, [sessionId, format])).rows[0]?.bytes ?? null;
  }

  /** What could not be made, of any meeting, is tried again by whoever looks next. */
  async forgetFailures(): Promise<void> {
    await this.#pool.query(
      `with failed as (delete from meeting_files where bytes is null returning session_id)
       update meetings set filed = 0 where session_id in (select session_id from failed)`,
    );
  }
}
