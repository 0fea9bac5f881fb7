import { chunkSchema, type Chunk } from '@eloquence/shared/contracts/meeting';
import type { SessionId, UtteranceId } from '@eloquence/shared/contracts/ids';
import { wordSchema, type Word } from '@eloquence/shared/contracts/sessions';
import { inTransaction, type Pool } from '@eloquence/shared/runtime/postgres';
import * as z from 'zod';

/** The Postgres side of chunks. */
export class ChunkStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Times of words, of those utterances that have them. */
  async words(sessionId: SessionId, ids: readonly UtteranceId[]): Promise<ReadonlyMap<UtteranceId, readonly Word[]>> {
    const { rows } = await this.#pool.query<{ utterance_id: UtteranceId; words: unknown }>(
      'select utterance_id, words from utterances where session_id = $1 and utterance_id = any($2) and words is not null',
      [sessionId, ids],
    );
    return new Map(rows.map((row) => [row.utterance_id, z.array(wordSchema).parse(row.words)]));
  }

  /**
   * Writes a chunk in place of the one it was made to replace.
   *
   * @param replaces revision that was there when it was begun, 0 for none
   * @returns false when somebody else wrote it meanwhile, or the session is gone: what was made is of no use then
   */
  async commit(chunk: Chunk, replaces: number): Promise<boolean> {
    const { session_id: sessionId, n, revision, input_hash: inputHash } = chunkSchema.parse(chunk);
    return inTransaction(this.#pool, async (client) => {
      // The lock keeps a deletion from slipping in between.
      const alive = 'select 1 from sessions where session_id = $1 and deleted_at is null for share';
      if ((await client.query(alive, [sessionId])).rowCount === 0) return false;
      const { rowCount } = await client.query(
        `insert into meeting_chunks (session_id, n, revision, input_hash, body) values ($1, $2, $3, $4, $5)
         on conflict (session_id, n) do update
           set revision = excluded.revision, input_hash = excluded.input_hash, body = excluded.body
           where meeting_chunks.revision = $6`,
        [sessionId, n, revision, inputHash, JSON.stringify(chunk), replaces],
      );
      return rowCount === 1;
    });
  }
}
