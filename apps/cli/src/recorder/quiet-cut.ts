import { SAMPLE_RATE_HZ } from '../capture/source.ts';

const WINDOW_SAMPLES = SAMPLE_RATE_HZ / 10;
/** A piece is at least so much of the longest one. */
const LEAST_SHARE = 0.6;

/**
 * Where to cut sound that is longer than one piece may be: in the middle of its quietest 100 ms, so that no word is cut in two.
 * @returns number of samples, at most `longest`
 */
export function quietCut(pcm: Int16Array, longest: number): number {
  if (pcm.length <= longest) return pcm.length;
  let best = longest;
  let least = Infinity;
  for (let from = Math.floor(longest * LEAST_SHARE); from + WINDOW_SAMPLES <= longest; from += WINDOW_SAMPLES / 4) {
    let sum = 0;
    for (let n = from; n < from + WINDOW_SAMPLES; n += 1) sum += Math.abs(pcm[n]!);
    if (sum <= least) {
      least = sum;
      best = from + WINDOW_SAMPLES / 2;
    }
  }
  return best;
}
