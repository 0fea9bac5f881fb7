import { setImmediate as nextTurn } from 'node:timers/promises';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { Leveller, TARGET_LUFS } from './leveller.ts';
import { LoudnessMemory } from './loudness-memory.ts';
import { measure } from './loudness.ts';
import { BLOCK_SAMPLES } from './trimmer.ts';

/** Nobody hears less. */
const TOLERANCE_LU = 0.5;
const VOICE = 'whole';

/**
 * A sentence that has come to its end, at the target loudness from its first sample. While it was spoken its voice may have been
 * new, and its level found on the way: what is kept should not repeat that for ever. Other work goes on between its seconds.
 */
export async function levelWhole(samples: Int16Array): Promise<Int16Array> {
  const lufs = measure(samples);
  if (lufs === undefined || Math.abs(lufs - TARGET_LUFS) <= TOLERANCE_LU) return samples;
  const memory = new LoudnessMemory();
  memory.learn(VOICE, lufs);
  const leveller = new Leveller(memory, VOICE);
  const levelled = new Int16Array(samples.length);
  let written = 0;
  const write = (block: Float32Array) => {
    for (const sample of block) {
      levelled[written] = Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
      written += 1;
    }
  };
  for (let at = 0; at < samples.length; at += BLOCK_SAMPLES) {
    write(leveller.push(Float32Array.from(samples.subarray(at, at + BLOCK_SAMPLES), (sample) => sample / 32_768)));
    if (at % TTS_SAMPLE_RATE_HZ === 0) await nextTurn();
  }
  write(leveller.flush());
  return levelled;
}
