import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@eloquence/shared/runtime/errors';

export interface ChildCommand {
  /** Name for messages. */
  readonly peer: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Written to standard input, then closed. */
  readonly input: string | AsyncIterable<Uint8Array>;
}

/**
 * The standard output of a program fed on standard input; no shell, and an environment without our secrets. Aborting or
 * leaving the loop kills it at once (SIGKILL: a voice program has nothing to save).
 *
 * @throws AppError `upstream_failed` when it cannot start or ends with an error; the input's own error when that broke
 */
export async function* childOutput(command: ChildCommand, signal: AbortSignal): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  const { peer, program, args, input } = command;
  const child = spawn(program, args, {
    // What a program says on stderr may quote the text: nobody reads it.
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' },
  });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const exit = new Promise<{ code: number | null; cause?: unknown }>((resolve) => {
    child.once('error', (cause) => resolve({ code: null, cause }));
    child.once('close', (code) => resolve({ code }));
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
