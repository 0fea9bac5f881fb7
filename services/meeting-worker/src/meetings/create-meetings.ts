import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { JobPayload } from '@eloquence/shared/contracts/jobs';
import { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Redis } from 'ioredis';
import { ChunkStore } from '../chunks/chunk-store.ts';
import { summariseChunk, type SummariseRun } from '../chunks/summarise.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { JobHandlers } from '../jobs/job-worker.ts';
import type { ModelClient } from '../llm/model-client.ts';
import type { Renderer } from '../render/renderer.ts';
import { renderReport } from '../report/render-report.ts';
import { ReportFiles } from '../report/report-files.ts';
import { writeReport } from '../report/write-report.ts';
import { advance } from './advance.ts';
import { Announcer } from './announcer.ts';
import { MeetingFaults } from './meeting-faults.ts';
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
  const faults = new MeetingFaults({ logger, telemetry });
  const onUnreadable = (sessionId: SessionId, error: unknown) => faults.say(sessionId, 'read', error);
  const store = new MeetingStore(pool, onUnreadable);
  const reportFiles = new ReportFiles(pool);
  const files = new MeetingFiles({ root: options.filesRoot, pool, store, reportFiles, logger });
  const announcer = new Announcer({ redis, events: new EventLog(redis), store });
  const deps = { store, files, queue, announcer, telemetry, faults };
  const sweeper = new MeetingSweeper({
    store,
    files,
    logger,
    telemetry,
    faults,
    advance: (sessionId) => advance(sessionId, deps),
    isReachable: () => Promise.all([pool.query('select 1'), redis.ping()]).then(ok, failed),
  });
  /** Whatever a job has written, something may follow from it. */
  const then = async (sessionId: SessionId, work: Promise<unknown>) => {
    await work;
    sweeper.wake(sessionId);
  };
  const summarising = {
    readMeeting: (sessionId: SessionId) => readMeeting(pool, sessionId, onUnreadable),
    store: countedChunks(new ChunkStore(pool), telemetry),
    client: model,
    announce: (sessionId: SessionId, n: number, revision: number) => announcer.summaryReady(sessionId, n, revision),
    logger,
    onFault: (sessionId: SessionId, error: unknown) => faults.say(sessionId, 'notes', error),
    now: Date.now,
  };
  const summarise = async (payload: JobPayload<'summarise_chunk'>, run: SummariseRun) => {
    const outcome = await summariseChunk(payload, run, summarising);
    if (outcome === 'summarised') await store.hasten(payload.session_id);
    if (outcome === 'unfilled') await store.postpone(payload.session_id);
  };
  return {
    sweeper,
    handlers: {
      summarise_chunk: (payload, signal, { isLast, ageMs }) =>
        then(payload.session_id, summarise(payload, { signal, isLastAttempt: isLast, ageMs })),
      write_report: ({ session_id: sessionId }, signal) =>
        then(sessionId, writeReport(sessionId, signal, { store, model, announcer, telemetry, logger, faults })),
      render_report: (payload, signal, { isLast }) =>
        then(payload.session_id, renderReport(payload, { signal, isLast }, { store, reportFiles, files, renderer })),
    },
    forget: async (sessionId) => {
      if ((await store.deletedOf([sessionId])).length > 0) await files.remove(sessionId);
    },
  };
}

const ok = () => true;
const failed = () => false;

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
