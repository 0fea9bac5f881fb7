import { SAMPLE_RATE_HZ } from '../capture/source.ts';

const WINDOW_SAMPLES = SAMPLE_RATE_HZ / 10;
/** A piece is at least so much of what it could be. */
const LEAST_SHARE = 0.6;

/**
 * Where to cut sound that goes on: in the middle of its quietest 100 ms, late in it, so that no word is cut in two.
 * @returns number of samples
 */
export function quietCut(pcm: Int16Array): number {
  let best = pcm.length;
  let least = Infinity;
  for (
    let from = Math.floor(pcm.length * LEAST_SHARE);
    from + WINDOW_SAMPLES <= pcm.length;
    from += WINDOW_SAMPLES / 4
  ) {
    let sum = 0;
    for (let n = from; n < from + WINDOW_SAMPLES; n += 1) sum += Math.abs(pcm[n]!);
    if (sum <= least) {
      least = sum;
      best = from + WINDOW_SAMPLES / 2;
    }
  }
  return best;
}
