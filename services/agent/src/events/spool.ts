import { appendFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sessionEventBodySchema, type SessionEventBody } from '@eloquence/shared/contracts/events';
import { sessionIdSchema, type SessionId } from '@eloquence/shared/contracts/ids';

/** Of one session: some 25 000 events, hours of talk. Past it nothing more is written (`refuse-newest`). */
const MAX_FILE_BYTES = 8 * 1024 * 1024;

/** Events of one session that Redis does not have yet, one JSON line each, so that they outlive this process. */
export class SpoolFile {
  readonly #directory: string;
  readonly #path: string;
  #bytes = 0;

  /** The process id in the name tells whether the file's writer still lives. */
  constructor(directory: string, sessionId: SessionId, pid: number = process.pid) {
    this.#directory = directory;
    this.#path = join(directory, `${sessionId}.${pid}.jsonl`);
  }

  /** @returns false when the file is full and the event was refused */
  async write(body: SessionEventBody): Promise<boolean> {
    const line = `${JSON.stringify(body)}\n`;
    if (this.#bytes + line.length > MAX_FILE_BYTES) return false;
    if (this.#bytes === 0) await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await appendFile(this.#path, line, { mode: 0o600, flush: true });
    this.#bytes += Buffer.byteLength(line);
    return true;
  }

  /** Redis has everything. */
  async clear(): Promise<void> {
    if (this.#bytes === 0) return;
    await rm(this.#path, { force: true });
    this.#bytes = 0;
  }
}

export interface LeftOver {
  readonly path: string;
  readonly sessionId: SessionId;
  readonly bodies: readonly SessionEventBody[];
}

/** Files whose writer is gone. Lines that are not events (a torn last write) are passed over. */
export async function leftOvers(directory: string, minAgeMs = 30_000): Promise<LeftOver[]> {
  const names = await readdir(directory).catch(() => [] as string[]);
  const found: LeftOver[] = [];
  for (const name of names) {
    const [, id, pid] = /^(.+)\.(\d+)\.jsonl$/.exec(name) ?? [];
    const sessionId = sessionIdSchema.safeParse(id);
    if (!sessionId.success) continue;
    const path = join(directory, name);
    // A process id may belong to another process by now, above all in containers; age settles it.
    const ageMs = await stat(path).then(
      (info) => Date.now() - info.mtimeMs,
      () => 0,
    );
    if (ageMs < minAgeMs || (isAlive(Number(pid)) && ageMs < 20 * minAgeMs)) continue;
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    found.push({ path, sessionId: sessionId.data, bodies: lines.flatMap(parseLine) });
  }
  return found;
}

function parseLine(line: string): SessionEventBody[] {
  try {
    const parsed = sessionEventBodySchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
