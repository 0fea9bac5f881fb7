import type { SessionId } from '@eloquence/shared/contracts/ids';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { EventStore } from '../persist/event-store.ts';
import type { EventStreams } from '../persist/event-streams.ts';

/** Followers of an ended session's events read them from Redis for so long, from Postgres ever after. */
const KEEP_ENDED_MS = 3_600_000;
/** Late writers of a deleted session still find its counters; what was said does not stay. */
const KEEP_DELETED_MS = 60_000;

export interface CloseSessionDeps {
  readonly streams: EventStreams;
  readonly store: EventStore;
}

/**
 * Closes a session: all its events are in Postgres, its row says ended, its keys in Redis expire. Does nothing to one whose
 * `session.ended` is not there (yet); doing it again is harmless.
 *
 * @throws AppError `conflict` when events are neither in Postgres nor in Redis any more: a person has to look
 */
export async function closeSession(sessionId: SessionId, { streams, store }: CloseSessionDeps): Promise<void> {
  const standing = await store.close(sessionId);
  if (standing === 'open') return;
  if (standing === 'gone') return streams.expire(sessionId, KEEP_DELETED_MS);
  await copyMissing(sessionId, { streams, store });
  await streams.expireEnded(sessionId, KEEP_ENDED_MS);
}

/** Events that were acknowledged and still are not in Postgres (it lost its data, say) are copied once more. */
async function copyMissing(sessionId: SessionId, { streams, store }: CloseSessionDeps): Promise<void> {
  const lastSeq = await streams.lastSeq(sessionId);
  const [firstMissing] = await store.missingSeqs(sessionId, lastSeq);
  if (firstMissing === undefined) return;
  for (let after = firstMissing - 1; ;) {
    const entries = await streams.range(sessionId, after);
    const last = entries.at(-1);
    if (!last) break;
    await store.store(sessionId, entries);
    after = Number(last.id.split('-', 1)[0]);
  }
  const missing = await store.missingSeqs(sessionId, lastSeq);
  if (missing.length === 0) return;
  throw new AppError('conflict', `${missing.length} events of a session are in neither Postgres nor Redis.`);
}
