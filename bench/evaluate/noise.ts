import { levelDb } from '@eloquence/testkit/waveform';

/** White noise added `snrDb` below the recording's mean level; the same noise for the same recording. */
export function addNoise(pcm: Int16Array, snrDb: number): Int16Array {
  const amplitude = 32_768 * 10 ** ((levelDb(pcm) - snrDb) / 20);
  const random = mulberry32(1);
  return pcm.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample + amplitude * gauss(random)))));
}

/** Normal numbers of variance 1 (Box-Muller). */
function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Numbers from 0 to 1 that a seed decides, so that two runs hear the same noise. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
