import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from '@eloquence/testkit/processes';
import { SAMPLE_RATE_HZ } from '@eloquence/testkit/waveform';

const run = promisify(execFile);
/** Two hours at 16 kHz: nothing longer is asked for. */
const MAX_BYTES = 2 * 3600 * SAMPLE_RATE_HZ * 2;

/**
 * Any recording as 16 kHz mono samples, by ffmpeg.
 *
 * @throws MissingProgramError without ffmpeg; Error with ffmpeg's own last line when the file is no recording
 */
export async function readAudioFile(path: string, signal?: AbortSignal): Promise<Int16Array> {
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-i',
    path,
    '-vn',
    '-ac',
    '1',
    '-ar',
    String(SAMPLE_RATE_HZ),
    '-f',
    's16le',
    '-',
  ];
  const command = findProgram('ffmpeg');
  try {
    const { stdout } = await run(command, args, {
      encoding: 'buffer',
      maxBuffer: MAX_BYTES,
      ...(signal && { signal }),
    });
    // A copy, because samples must begin at an even byte.
    return new Int16Array(new Uint8Array(stdout.subarray(0, stdout.length & ~1)).buffer);
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(lastLine((error as { stderr?: Buffer }).stderr) ?? String(error), { cause: error });
  }
}

function lastLine(output: Buffer | undefined): string | undefined {
  return output?.toString().trim().split('\n').at(-1)?.trim() || undefined;
}
