import { spawn } from 'node:child_process';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { findProgram } from './processes.ts';

export interface Loudness {
  /** Integrated loudness, LUFS (EBU R 128). */
  readonly integratedLufs: number;
  /** dBTP. */
  readonly truePeakDb: number;
}

/**
 * Loudness of 24 kHz mono samples by ffmpeg's ebur128; undefined when they are too short or too quiet to have one.
 *
 * @throws MissingProgramError without ffmpeg, Error when that has no ebur128
 */
export async function loudnessOf(pcm: Int16Array): Promise<Loudness | undefined> {
  const input = ['-f', 's16le', '-ar', String(TTS_SAMPLE_RATE_HZ), '-ac', '1', '-i', '-'];
  const args = ['-hide_banner', '-nostats', ...input, '-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null', '-'];
  const ffmpeg = spawn(findProgram('ffmpeg'), args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let output = '';
  ffmpeg.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // It may end before it has read everything; what it says then is all there is.
  ffmpeg.stdin.on('error', () => undefined);
  ffmpeg.stdin.end(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength));
  const code = await new Promise<number | null>((resolve, reject) => {
    ffmpeg.once('error', reject);
    ffmpeg.once('close', resolve);
  });
  if (code !== 0) throw new Error(`ffmpeg could not measure the loudness: ${output.trim().split('\n').at(-1)}`);
  return parseLoudness(output);
}

/** What ebur128 writes at the end; it says -70 LUFS or -inf of silence. */
export function parseLoudness(output: string): Loudness | undefined {
  const summary = output.slice(output.lastIndexOf('Summary:'));
  const integratedLufs = Number(/\bI:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1]);
  const truePeakDb = Number(/\bPeak:\s+(-?[\d.]+) dBFS/.exec(summary)?.[1]);
  if (!Number.isFinite(integratedLufs) || !Number.isFinite(truePeakDb) || integratedLufs <= -70) return undefined;
  return { integratedLufs, truePeakDb };
}
