import { ManagedProcess } from '@eloquence/testkit/processes';

export interface PinnedOptions {
  readonly name: string;
  readonly command?: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The core it may use; undefined = all. */
  readonly core?: number | undefined;
  /** Answers 200 when it is ready. */
  readonly readyUrl: string;
}

/** Starts a program (default: this Node) on one core and waits until it is ready. */
export async function startPinned(options: PinnedOptions): Promise<ManagedProcess> {
  const { name, command = process.execPath, args, cwd, env = {}, core, readyUrl } = options;
  const pinned = core === undefined ? [command, ...args] : ['taskset', '-c', String(core), command, ...args];
  const [program = '', ...rest] = pinned;
  const child = new ManagedProcess({ name, command: program, args: rest, cwd, env });
  return child.ready(async () => (await fetch(readyUrl)).ok, 60_000);
}
