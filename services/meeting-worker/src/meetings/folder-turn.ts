import type { SessionId } from '@eloquence/shared/contracts/ids';
import { inTransaction, type Pool, type PoolClient } from '@eloquence/shared/runtime/postgres';

/** Another worker writes into the folder now: `wait` for it, or `skip`. */
export type Turn = 'wait' | 'skip';

const LOCKS = {
  wait: 'select pg_advisory_xact_lock(hashtextextended($1, 0)), true as mine',
  skip: 'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as mine',
} as const satisfies Record<Turn, string>;

/**
 * Runs `task` while nobody else writes into the folder of a meeting, in any worker. The turn of a worker that died is over with its
 * connection, or when that has been idle in its transaction for as long as `createPool` allows.
 *
 * @returns false when it was somebody else's turn
 * @throws whatever `task` and Postgres throw, also when the other takes longer than a statement may
 */
export function inFolder(
  pool: Pool,
  sessionId: SessionId,
  turn: Turn,
  task: (client: PoolClient) => Promise<void>,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ mine: boolean }>(LOCKS[turn], [`folder ${sessionId}`]);
    const isMine = rows[0]?.mine === true;
    if (isMine) await task(client);
    return isMine;
  });
}
