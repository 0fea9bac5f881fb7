import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';

const ownerSchema = z.object({ pid: z.number().int().positive(), started: z.string() });

/** Held while a process records a session. A process that died without letting go is told by the time it started. */
export class SessionLock implements Disposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws AppError `conflict` while another process of this machine records the session */
  static take(spoolDir: string, sessionId: string): SessionLock {
    mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
    const path = join(spoolDir, `${sessionId}.lock`);
    const owner = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        writeFileSync(path, owner, { flag: 'wx', mode: 0o600 });
        return new SessionLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readOwner(path);
      if (holder && startOf(holder.pid) === holder.started) {
        throw new AppError(
          'conflict',
          `Cette réunion est déjà enregistrée ici, par le processus ${holder.pid}. / This meeting is being recorded already, by process ${holder.pid}.`,
        );
      }
      rmSync(path, { force: true });
    }
    throw new AppError('conflict', `Le verrou ${path} ne se laisse pas prendre. / The lock ${path} cannot be taken.`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
  }
}

function readOwner(path: string): z.infer<typeof ownerSchema> | undefined {
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
