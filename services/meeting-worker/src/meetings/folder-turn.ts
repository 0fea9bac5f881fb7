import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Pool, PoolClient } from '@eloquence/shared/runtime/postgres';

/** Another worker writes into the folder now: `wait` for it, or `skip`. */
export type Turn = 'wait' | 'skip';

const LOCKS = {
  wait: 'select pg_advisory_lock(hashtextextended($1, 0)), true as mine',
  skip: 'select pg_try_advisory_lock(hashtextextended($1, 0)) as mine',
} as const satisfies Record<Turn, string>;
const UNLOCK = 'select pg_advisory_unlock(hashtextextended($1, 0))';

/**
 * Runs `task` while nobody else writes into the folder of a meeting, in any worker. The turn of a worker that died is over with its
 * connection.
 *
 * @returns false when it was somebody else's turn
 * @throws whatever `task` and Postgres throw, also when the other takes longer than a statement may
 */
export async function inFolder(
  pool: Pool,
  sessionId: SessionId,
  turn: Turn,
  task: (client: PoolClient) => Promise<void>,
): Promise<boolean> {
  const client = await pool.connect();
  const name = [`folder ${sessionId}`];
  try {
    const { rows } = await client.query<{ mine: boolean }>(LOCKS[turn], name);
    const isMine = rows[0]?.mine === true;
    if (isMine) {
      await task(client);
      await client.query(UNLOCK, name);
    }
    client.release();
    return isMine;
  } catch (error) {
    client.release(true);
    throw error;
  }
}
