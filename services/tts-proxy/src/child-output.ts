import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@eloquence/shared/runtime/errors';

/** A program with a pipe to write to and one to read from. What it says on stderr may quote the text: nobody reads it. */
export type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Starts a program; no shell, and an environment without our secrets. That it cannot start shows when its output is read. */
export function startChild(program: string, args: readonly string[]): Child {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' },
  });
  // One that waits for its work may fail while nobody listens.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  return child;
}

export interface ChildCommand {
  /** Name for messages. */
  readonly peer: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Written to standard input, then closed. */
  readonly input: string | AsyncIterable<Uint8Array>;
}

/** {@link outputOf} of a program started now. */
export async function* childOutput(command: ChildCommand, signal: AbortSignal): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  const { program, args, ...work } = command;
  yield* outputOf(startChild(program, args), work, signal);
}

/**
 * The standard output of a program fed on standard input. Aborting or leaving the loop kills it at once (SIGKILL: a voice
 * program has nothing to save).
 *
 * @throws AppError `upstream_failed` when it could not start or ends with an error (its cause is the name of the signal it died by); the input's own error when that broke
 */
export async function* outputOf(
  child: Child,
  { peer, input }: Pick<ChildCommand, 'peer' | 'input'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const exit = new Promise<{ code: number | null; cause?: unknown }>((resolve) => {
    child.once('error', (cause) => resolve({ code: null, cause }));
    child.once('close', (code, signalName) => resolve({ code, cause: signalName ?? undefined }));
  });
  let inputError: unknown;
  const fed = pipeline(typeof input === 'string' ? Readable.from([input]) : Readable.from(input), child.stdin).catch(
    (error: unknown) => {
      // A program that ends before it has read everything closes the pipe; its exit code tells why.
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
      inputError = error;
      kill();
    },
  );
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const { code, cause } = await exit;
    await fed;
    signal.throwIfAborted();
    if (inputError) throw inputError as Error;
    const how = code === null ? 'without an exit code' : `with exit code ${code}`;
    if (code !== 0) throw new AppError('upstream_failed', `${peer} ended ${how}.`, { cause });
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}
