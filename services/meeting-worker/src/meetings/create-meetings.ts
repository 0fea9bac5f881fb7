import type { SessionId } from '@eloquence/shared/contracts/ids';
import { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Redis } from 'ioredis';
import { ChunkStore } from '../chunks/chunk-store.ts';
import { summariseChunk } from '../chunks/summarise.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { JobHandlers } from '../jobs/job-worker.ts';
import type { ModelClient } from '../llm/model-client.ts';
import type { Renderer } from '../render/renderer.ts';
import { renderReport } from '../report/render-report.ts';
import { writeReport } from '../report/write-report.ts';
import { advance } from './advance.ts';
import { Announcer } from './announcer.ts';
import { readMeeting } from './meeting-reader.ts';
import { MeetingFiles } from './meeting-files.ts';
import { MeetingStore } from './meeting-store.ts';
import { MeetingSweeper } from './meeting-sweeper.ts';

export interface MeetingsOptions {
  readonly pool: Pool;
  /** A `commands` client. */
  readonly redis: Redis;
  readonly queue: JobQueue;
  readonly model: ModelClient;
  readonly renderer: Renderer;
  readonly filesRoot: string;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

export interface Meetings {
  readonly sweeper: MeetingSweeper;
  readonly handlers: Pick<JobHandlers, 'summarise_chunk' | 'write_report' | 'render_report'>;
  /** Removes the files of a session that was deleted. */
  readonly forget: (sessionId: SessionId) => Promise<void>;
}

/** Everything that is done for meetings: looking after them, and the jobs that this puts on the queue. */
export function createMeetings(options: MeetingsOptions): Meetings {
  const { pool, redis, queue, model, renderer, logger, telemetry } = options;
  const store = new MeetingStore(pool);
  const files = new MeetingFiles({ root: options.filesRoot, pool, store, logger });
  const announcer = new Announcer({ redis, events: new EventLog(redis), store });
  const deps = { store, files, queue, announcer, telemetry };
  const sweeper = new MeetingSweeper({
    store,
    files,
    logger,
    telemetry,
    advance: (sessionId) => advance(sessionId, deps),
  });
  /** Whatever a job has written, something may follow from it. */
  const then = async (sessionId: SessionId, work: Promise<unknown>) => {
    await work;
    sweeper.wake(sessionId);
  };
  const summarising = {
    readMeeting: (sessionId: SessionId) => readMeeting(pool, sessionId),
    store: countedChunks(new ChunkStore(pool), telemetry),
    client: model,
    announce: (sessionId: SessionId, n: number, revision: number) => announcer.summaryReady(sessionId, n, revision),
    logger,
    now: Date.now,
  };
  return {
    sweeper,
    handlers: {
      summarise_chunk: (payload, signal, { isLast }) =>
        then(payload.session_id, summariseChunk(payload, { signal, isLastAttempt: isLast }, summarising)),
      write_report: ({ session_id: sessionId }, signal) =>
        then(sessionId, writeReport(sessionId, signal, { store, model, announcer, telemetry, logger })),
      render_report: (payload, signal) =>
        then(payload.session_id, renderReport(payload, signal, { store, files, renderer })),
    },
    forget: async (sessionId) => {
      if ((await store.deletedOf([sessionId])).length > 0) await files.remove(sessionId);
    },
  };
}

/** Mini-summaries are counted when they are there. */
function countedChunks(store: ChunkStore, telemetry: Telemetry): Pick<ChunkStore, 'words' | 'commit'> {
  return {
    words: (sessionId, ids) => store.words(sessionId, ids),
    commit: async (chunk, replaces) => {
      const committed = await store.commit(chunk, replaces);
      if (committed) telemetry.count('eloquence_meeting_chunks_total', { outcome: chunk.status });
      return committed;
    },
  };
}
