import { CommanderError } from 'commander';
import { describeFailure, exitCodes, type ExitCode } from './commands/exit-codes.ts';
import { printable } from './commands/context.ts';
import { createProgram } from './commands/program.ts';

const wantsJson = process.argv.includes('--json');

/** The `eloquence` command: the first Ctrl-C stops what is going on and finishes it, and whoever waits again gives up. */
export async function main(): Promise<never> {
  const stopping = new AbortController();
  let exitCode: ExitCode = exitCodes.ok;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopping.abort(new DOMException('interrupted', 'AbortError')));
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    const program = createProgram({
      output: process,
      signal: stopping.signal,
      onExitCode: (code) => {
        exitCode = code;
      },
    });
    await program.parseAsync();
  } catch (error) {
    exitCode = tell(error, stopping.signal);
  }
  process.exitCode = exitCode;
  // Libraries of rooms keep threads of their own; everything of ours is closed by now.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
  );
  process.exit(exitCode);
}

function tell(error: unknown, stopping: AbortSignal): ExitCode {
  if (error instanceof CommanderError) {
    const asked =
      error.code === 'commander.helpDisplayed' || error.code === 'commander.help' || error.code === 'commander.version';
    if (asked && error.exitCode === 0) return exitCodes.ok;
    if (wantsJson) document('usage', error.message);
    return exitCodes.usage;
  }
  if (stopping.aborted && error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('Interrompu / interrupted.\n');
    return exitCodes.failed;
  }
  const failure = describeFailure(error);
  process.stderr.write(`${printable(failure.message)}\n`);
  if (failure.code === 'internal' && error instanceof Error) process.stderr.write(`${printable(error.stack ?? '')}\n`);
  if (wantsJson) document(failure.code, failure.message);
  return failure.exitCode;
}

function document(code: string, message: string): void {
  process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
}
