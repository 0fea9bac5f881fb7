import { MissingProgramError } from '@eloquence/testkit/processes';
import { ClipSetError } from './clip-set.ts';

/** Options that make no sense; the message names the fix. Ends the program with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Runs a command-line program: Ctrl-C aborts the signal, whose children the testkit has ended by then, and ends with 130;
 * what a person can mend is one message without a stack.
 *
 * @param main resolves with the exit code
 */
export async function runCommand(main: (signal: AbortSignal) => Promise<number>): Promise<never> {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => abort.abort(new DOMException('stopped', 'AbortError')));
  try {
    const code = await main(abort.signal);
    process.exit(abort.signal.aborted ? 130 : code);
  } catch (error) {
    if (abort.signal.aborted) {
      process.stderr.write('stopped\n');
      process.exit(130);
    }
    const usage = error instanceof UsageError || error instanceof ClipSetError || isParseArgsError(error);
    const plain = usage || error instanceof MissingProgramError;
    process.stderr.write(`${plain ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
    process.exit(usage ? 2 : 1);
  }
}

function isParseArgsError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
