import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './processes.ts';
import { parseWav } from './wav.ts';

const run = promisify(execFile);
const PEAK = 0.6 * 32_767;
/** Below this a sample is silence; 400 samples before and 800 after the speech are kept, as the demo model was trained. */
const SILENCE = 0.005 * 32_768;
const HEAD_SAMPLES = 400;
const TAIL_SAMPLES = 800;

export interface SpeechOptions {
  /** espeak-ng voice; default fr-fr. */
  readonly voice?: string;
  /** Words per minute; default 150. */
  readonly speedWpm?: number;
}

/**
 * A sentence as 16 kHz speech by espeak-ng, in the way the demo model's training material was made: trimmed, peak 0.6.
 *
 * @throws MissingProgramError when espeak-ng is not installed
 */
export async function synthesize(text: string, options: SpeechOptions = {}): Promise<Int16Array> {
  const { voice = 'fr-fr', speedWpm = 150 } = options;
  const args = ['-v', voice, '-s', String(speedWpm), '--stdout', text];
  const { stdout } = await run(findProgram('espeak-ng'), args, { encoding: 'buffer', maxBuffer: 50_000_000 });
  return normalize(parseWav(stdout, 'espeak-ng'));
}

function normalize(pcm: Int16Array): Int16Array {
  const first = pcm.findIndex((sample) => Math.abs(sample) > SILENCE);
  const last = pcm.findLastIndex((sample) => Math.abs(sample) > SILENCE);
  if (first < 0) return new Int16Array(0);
  const speech = pcm.slice(Math.max(0, first - HEAD_SAMPLES), last + TAIL_SAMPLES);
  const peak = speech.reduce((max, sample) => Math.max(max, Math.abs(sample)), 1);
  return speech.map((sample) => Math.round((sample / peak) * PEAK));
}
