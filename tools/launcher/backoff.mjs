const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const JITTER = 0.2;
/** A process that lived this long had started well: its next crash counts as the first. */
const HEALTHY_AFTER_MS = 60_000;
/** From here on somebody has to look. */
const MANY_FAILURES = 5;

/**
 * Decides on the restart of a process that has ended by itself.
 * @param {{quickFailures: number, aliveMs: number, random: number}} state `random`: 0 to 1, so that
 * processes that fell together do not come back together.
 * @returns {{quickFailures: number, delayMs: number, advise: boolean}} `advise`: say, once, what to look at.
 */
export function nextRestart({ quickFailures, aliveMs, random }) {
  const failures = aliveMs >= HEALTHY_AFTER_MS ? 1 : quickFailures + 1;
  const base = failures > MANY_FAILURES ? LONGEST_MS : FIRST_MS * 2 ** (failures - 1);
  return {
    quickFailures: failures,
    delayMs: Math.round(Math.min(LONGEST_MS, base * (1 + JITTER * random))),
    advise: failures === MANY_FAILURES,
  };
}
