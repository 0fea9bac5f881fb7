import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';

const ownerSchema = z.object({ pid: z.number().int().positive(), started: z.string() });
type Owner = z.infer<typeof ownerSchema>;
const ATTEMPTS = 5;

/**
 * Held while a process records a session. A process that died without letting go is told by the time it started, and its lock is
 * not replaced but followed by the next one (`ses_x.lock`, `ses_x.lock.1`, …): a name is given once, so of several who find a dead one
 * only one gets the next.
 */
export class SessionLock implements Disposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws AppError `conflict` while another process of this machine records the session */
  static take(spoolDir: string, sessionId: string): SessionLock {
    mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
    const base = join(spoolDir, `${sessionId}.lock`);
    const own = join(spoolDir, `${sessionId}.${process.pid}-${process.hrtime.bigint()}.tmp`);
    try {
      // Written before it is linked: nobody finds a lock that does not say whose it is.
      writeFileSync(own, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }), { mode: 0o600 });
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const found = locksOf(base);
        const owner = found.map(({ path }) => readOwner(path)).find(isAlive);
        if (owner) throw recordedBy(owner.pid);
        const path = pathOf(base, (found.at(-1)?.n ?? -1) + 1);
        if (!isLinked(own, path)) continue;
        // Whoever looked long ago may get a name that was given and taken back: those who came later count.
        const others = locksOf(base).filter((other) => other.path !== path);
        const isFirst = !others.some((other) => isAlive(readOwner(other.path)));
        for (const left of isFirst ? others.map((other) => other.path) : [path]) rmSync(left, { force: true });
        if (isFirst) return new SessionLock(path);
      }
    } finally {
      rmSync(own, { force: true });
    }
    throw new AppError('conflict', `Le verrou ${base} ne se laisse pas prendre. / The lock ${base} cannot be taken.`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
  }
}

const pathOf = (base: string, n: number): string => (n === 0 ? base : `${base}.${n}`);

/** The locks there are, by age. */
function locksOf(base: string): { readonly n: number; readonly path: string }[] {
  const name = basename(base);
  return readdirSync(dirname(base))
    .filter((file) => file.startsWith(name) && /^(?:\.\d{1,9})?$/.test(file.slice(name.length)))
    .map((file) => Number(file.slice(name.length + 1)))
    .toSorted((a, b) => a - b)
    .map((n) => ({ n, path: pathOf(base, n) }));
}

function isLinked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (isFault(error, 'EEXIST')) return false;
    if (!isFault(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) throw error;
  }
  // A disk without links (exFAT).
  try {
    writeFileSync(path, readFileSync(own), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (!isFault(error, 'EEXIST')) throw error;
    return false;
  }
}

const isAlive = (owner: Owner | undefined): owner is Owner =>
  owner !== undefined && startOf(owner.pid) === owner.started;

const isFault = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

const recordedBy = (pid: number): AppError =>
  new AppError(
    'conflict',
    `Cette réunion est déjà enregistrée ici, par le processus ${pid}. / This meeting is being recorded already, by process ${pid}.`,
  );

function readOwner(path: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** When the process started, in whatever way the system says it; undefined: there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      return fields[0] === 'Z' ? undefined : `${boot}/${fields[19]}`;
    }
    if (process.platform === 'win32') {
      process.kill(pid, 0);
      return 'running';
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
