/** A model that is away is asked again, less and less often, for most of a day. */
const FIRST_MS = 15_000;
const LONGEST_MS = 1_800_000;
const MAX_TRIES = 40;

/** How long until a model is asked again after it was asked `tries` times in vain, ms; null: no more. */
export function retryLaterMs(tries: number): number | null {
  if (tries >= MAX_TRIES) return null;
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 10));
}
