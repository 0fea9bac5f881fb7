import { sessionIdSchema, type SessionId } from '@eloquence/shared/contracts/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Pool, PoolClient } from '@eloquence/shared/runtime/postgres';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './durable-file.ts';
import { inFolder, type Turn } from './folder-turn.ts';
import type { Meeting } from './meeting.ts';
import type { ReportFiles } from '../report/report-files.ts';
import type { MeetingStore } from './meeting-store.ts';
import { TranscriptFiles } from './transcript-files.ts';

export interface MeetingFilesOptions {
  /** One folder per meeting below it, named by its id. */
  readonly root: string;
  readonly pool: Pool;
  readonly store: MeetingStore;
  readonly reportFiles: ReportFiles;
  readonly logger: Logger;
}

/**
 * A meeting's folder: `transcript.jsonl`, `raw.txt`, `summaries/chunk_N.json`, `report.*`. All of it are views of Postgres. A disk that
 * is full or cannot be written stops nothing: it is logged, and tried again by whoever calls next.
 */
export class MeetingFiles {
  readonly #options: MeetingFilesOptions;
  readonly #transcripts = new TranscriptFiles();
  #saidAtMs = -Infinity;

  constructor(options: MeetingFilesOptions) {
    this.#options = options;
  }

  folder(sessionId: SessionId): string {
    return join(this.#options.root, sessionId);
  }

  /** Brings transcript and mini-summaries up to date; false when the disk does not let it, or another worker is at it. */
  syncNotes({ sessionId, speakers, chunks }: Meeting): Promise<boolean> {
    return this.#attempt(sessionId, 'skip', async (client) => {
      await this.#transcripts.sync(client, sessionId, { folder: this.folder(sessionId), names: speakers });
      if (chunks.length === 0) return;
      const folder = join(this.folder(sessionId), 'summaries');
      await mkdir(folder, { recursive: true });
      for (const chunk of chunks) await replaceIfOther(join(folder, `chunk_${chunk.n}.json`), pretty(chunk));
    });
  }

  /** Writes what is rendered, and removes what could not be; false when the disk does not let it. */
  syncReport(sessionId: SessionId): Promise<boolean> {
    return this.#attempt(sessionId, 'wait', async () => {
      const folder = this.folder(sessionId);
      await mkdir(folder, { recursive: true });
      const { reportFiles } = this.#options;
      for (const { format } of await reportFiles.list(sessionId)) {
        const path = join(folder, `report.${format}`);
        const bytes = await reportFiles.bytes(sessionId, format);
        if (bytes) await replaceIfOther(path, bytes);
        else await rm(path, { force: true });
      }
    });
  }

  /** Speakers are called otherwise from now on. */
  renameSpeakers({ sessionId, speakers }: Meeting): Promise<boolean> {
    return this.#attempt(sessionId, 'wait', (client) =>
      this.#transcripts.restore(client, sessionId, { folder: this.folder(sessionId), names: speakers }),
    );
  }

  /** Removes what is there of a session that was deleted. */
  async remove(sessionId: SessionId): Promise<void> {
    this.#transcripts.forget(sessionId);
    await this.#attempt(sessionId, 'wait', () => rm(this.folder(sessionId), { recursive: true, force: true }));
  }

  /** What could not be rendered, and folders that are no longer there or never were on this disk, are made by whoever looks next. */
  async restoreMissing(): Promise<void> {
    // A new process may be a new version, or on a machine with more memory.
    await this.#options.reportFiles.forgetFailures();
    await this.#options.store.refileAllBut(await readdir(this.#options.root).catch(() => []));
  }

  /** Removes folders of sessions that are no longer there: a deletion may have come while nobody was at work. */
  async removeDeleted(): Promise<void> {
    const names = await readdir(this.#options.root).catch(() => []);
    const sessions = names.filter((name) => sessionIdSchema.safeParse(name).success);
    for (const sessionId of await this.#options.store.deletedOf(sessions)) await this.remove(sessionId);
  }

  /** A line now and then, not per meeting and second. */
  async #attempt(sessionId: SessionId, turn: Turn, work: (client: PoolClient) => Promise<void>): Promise<boolean> {
    try {
      return await inFolder(this.#options.pool, sessionId, turn, work);
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      const { root, logger } = this.#options;
      if (performance.now() - this.#saidAtMs >= SAY_AGAIN_MS) {
        this.#saidAtMs = performance.now();
        logger.error(
          { err: error, folder: root },
          'files of meetings cannot be written: free space, or let this user write there (MEETINGS_DIR); notes go on in postgres',
        );
      }
      return false;
    }
  }
}

/** A disk that stays full is said again after so long. */
const SAY_AGAIN_MS = 600_000;
/** Faults of a disk; those of Postgres and our own are not hidden. */
const DISK_FAULTS = new Set(
  'EACCES EDQUOT EEXIST EFBIG EIO EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENODEV ENOENT ENOSPC ENOTDIR EPERM EROFS'.split(
    ' ',
  ),
);

function isDiskFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && DISK_FAULTS.has(error.code);
}

async function replaceIfOther(path: string, bytes: Uint8Array | string): Promise<void> {
  const there = await readFile(path).catch(() => undefined);
  if (!there?.equals(Buffer.from(bytes))) await replaceFile(path, bytes);
}

const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
