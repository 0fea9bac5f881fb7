import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { programFolders } from './config.ts';

/** A program the tests need is not on this machine; the message names the fix. */
export class MissingProgramError extends Error {
  override readonly name = 'MissingProgramError';
}

/** Absolute path of a program. @throws MissingProgramError */
export function findProgram(name: string, folders: readonly string[] = []): string {
  for (const folder of [...folders, ...programFolders]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  throw new MissingProgramError(`${name} is not on this machine. "npm test" installs what the tests need.`);
}

export interface ProcessOptions {
  /** For messages: "redis-server". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** System user to run as; only root may name another. */
  readonly user?: string;
  /** Removed should we die before whoever made it removes it. */
  readonly folder?: string;
}

const OUTPUT_TAIL_CHARS = 20_000;
const running = new Set<ManagedProcess>();
let guarded = false;

/** No child outlives us, whichever way we end: programs of a stopped test run would keep their ports. */
function guard(): void {
  if (guarded) return;
  guarded = true;
  process.on('exit', () => killAll());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const stop = () => {
      killAll();
      process.off(signal, stop);
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    process.on(signal, stop);
  }
}

/**
 * vitest ends its workers with SIGKILL, which nobody can handle: a shell waits for the end of a pipe that only we hold, and
 * then kills the child and removes its folder.
 */
function watch(pid: number, folder: string | undefined): ChildProcess {
  const script = 'read -r _; kill -9 "$0"; [ -z "$1" ] || { sleep 1; rm -rf "$1"; }';
  const watchdog = spawn('sh', ['-c', script, String(pid), folder ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  watchdog.on('error', () => undefined);
  watchdog.stdin?.on('error', () => undefined);
  if (watchdog.stdin && 'unref' in watchdog.stdin && typeof watchdog.stdin.unref === 'function') watchdog.stdin.unref();
  return watchdog;
}

function killAll(): void {
  for (const child of running) child.signal('SIGKILL');
}

/** A child process with the tail of its output; disposing it ends it (SIGTERM, then SIGKILL after 5 s). */
export class ManagedProcess implements AsyncDisposable {
  readonly name: string;
  /** Resolves with exit code or signal name once the process is gone. */
  readonly exited: Promise<number | string>;
  readonly #child: ChildProcess;
  #output = '';

  constructor(options: ProcessOptions) {
    guard();
    this.name = options.name;
    this.#child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.user && idsOf(options.user)),
    });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_TAIL_CHARS);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    running.add(this);
    const watchdog = this.#child.pid === undefined ? undefined : watch(this.#child.pid, options.folder);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#output += error.message;
        running.delete(this);
        resolve(-1);
      });
      this.#child.once('exit', (code, signal) => {
        running.delete(this);
        watchdog?.kill('SIGKILL');
        resolve(code ?? signal ?? -1);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Last part of what the process wrote to stdout and stderr. */
  get output(): string {
    return this.#output;
  }

  get alive(): boolean {
    return running.has(this);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.alive) this.#child.kill(signal);
  }

  /** Ends the process at once, as a crash does, and waits until it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Asks the process to end; after `graceMs` it is killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 5_000): Promise<number | string> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    const outcome = await this.exited;
    clearTimeout(timer);
    return outcome;
  }

  /**
   * Waits until `isReady` resolves to true.
   * @throws Error with the process's output when it exits first or the deadline passes
   */
  async ready(isReady: () => Promise<boolean>, timeoutMs = 20_000): Promise<this> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (!this.alive) throw new Error(`${this.name} ended while starting:\n${this.#output}`);
      if (await isReady().catch(() => false)) return this;
      if (performance.now() > deadline) {
        await this.kill();
        throw new Error(`${this.name} was not ready within ${timeoutMs} ms:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Numeric ids of a system user. */
export function idsOf(user: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }).trim());
  return { uid: id('-u'), gid: id('-g') };
}
