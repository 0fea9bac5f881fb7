import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { recordingsDir } from './context.ts';

const stateSchema = z.object({
  session_id: z.string(),
  name: z.string(),
  api: z.string(),
  pid: z.number().int(),
  started_at: z.iso.datetime(),
  /** Where its files are written. */
  folder: z.string(),
  state: z.enum(['recording', 'finishing', 'finished']),
  words: z.number().int(),
  updated_at: z.iso.datetime(),
  /** How often a running recording says so. */
  checkpoint_s: z.number(),
});
export type RecordingState = z.infer<typeof stateSchema>;

/** A process of that number that has missed so many checkpoints is another one. */
const MISSED_CHECKPOINTS = 4;
const LEAST_PATIENCE_MS = 30_000;

/**
 * What other terminals know of the recordings of this machine: one file each, replaced whole. Stopping is asked for by a second file,
 * which works on every system and cannot hit another process.
 */
export class RecordingStates {
  readonly #dir: string;

  constructor(stateDir: string) {
    this.#dir = recordingsDir(stateDir);
  }

  write(state: RecordingState): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const path = this.#path(state.session_id);
    writeFileSync(`${path}.${process.pid}.tmp`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${path}.${process.pid}.tmp`, path);
  }

  /** As {@link write}; a disk that is full, or not ours to write, stops no recording. */
  checkpoint(state: RecordingState): void {
    try {
      this.write(state);
    } catch {
      // The next checkpoint tries again; until then other terminals see what there was.
    }
  }

  read(sessionId: string): RecordingState | undefined {
    try {
      return stateSchema.safeParse(JSON.parse(readFileSync(this.#path(sessionId), 'utf8'))).data;
    } catch {
      return undefined;
    }
  }

  /** Newest first. */
  list(): RecordingState[] {
    if (!existsSync(this.#dir)) return [];
    return readdirSync(this.#dir)
      .filter((name) => /^ses_[a-z2-7]{20}\.json$/.test(name))
      .flatMap((name) => this.read(name.slice(0, -'.json'.length)) ?? [])
      .toSorted((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
  }

  /** The last meeting of this machine, running or over. */
  last(): RecordingState | undefined {
    return this.list()[0];
  }

  /** True while the process that records it lives and says so. */
  isRunning(state: RecordingState): boolean {
    const patienceMs = Math.max(LEAST_PATIENCE_MS, state.checkpoint_s * MISSED_CHECKPOINTS * 1000);
    if (state.state === 'finished' || Date.now() - Date.parse(state.updated_at) > patienceMs) return false;
    try {
      process.kill(state.pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  }

  askToStop(sessionId: string): void {
    writeFileSync(this.#stopPath(sessionId), '', { mode: 0o600 });
  }

  /** True once for each time somebody asked. */
  takeStop(sessionId: string): boolean {
    const path = this.#stopPath(sessionId);
    if (!existsSync(path)) return false;
    rmSync(path, { force: true });
    return true;
  }

  forget(sessionId: string): void {
    rmSync(this.#path(sessionId), { force: true });
  }

  /** Forgets recordings that were over long ago. */
  prune(olderThanMs: number): void {
    for (const state of this.list()) {
      const { mtimeMs } = statSync(this.#path(state.session_id));
      if (state.state === 'finished' && Date.now() - mtimeMs > olderThanMs) this.forget(state.session_id);
    }
  }

  #path(sessionId: string): string {
    return join(this.#dir, `${sessionId}.json`);
  }

  #stopPath(sessionId: string): string {
    return join(this.#dir, `${sessionId}.stop`);
  }
}
