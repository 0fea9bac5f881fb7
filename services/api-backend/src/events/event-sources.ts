import { sessionEventSchema, type SessionEvent } from '@eloquence/shared/contracts/events';
import { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import type { Redis } from 'ioredis';
import { isPostgresOutage, reachable } from '../http/dependency.ts';
import type { EventSources } from './event-reader.ts';

interface EventRow {
  readonly seq: number;
  readonly at: Date;
  readonly type: string;
  readonly body: object;
}

/** The two places of the event log. Both throw AppError `unavailable` when their server does not answer in time. */
export function eventSources(redis: Redis, pool: Pool): EventSources {
  const log = new EventLog(redis);
  return {
    stream: (sessionId, afterSeq, limit) => reachable('Redis', log.read(sessionId, afterSeq, limit)),
    stored: async (sessionId, afterSeq, limit) => {
      const query = pool.query<EventRow>(
        'select seq, at, type, body from events where session_id = $1 and seq > $2 order by seq limit $3',
        [sessionId, afterSeq, limit],
      );
      const { rows } = await reachable('Postgres', query, isPostgresOutage);
      return rows.flatMap((row) => toEvent(sessionId, row) ?? []);
    },
  };
}

/** Rows of a version that knew other events are passed over, as the stream's reader does. */
function toEvent(sessionId: string, { seq, at, type, body }: EventRow): SessionEvent | undefined {
  return sessionEventSchema.safeParse({ at: at.toISOString(), ...body, type, seq, session_id: sessionId }).data;
}
