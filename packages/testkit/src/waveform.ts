/** 16-bit mono samples at 16 kHz: the one audio form of the testkit. */
export const SAMPLE_RATE_HZ = 16_000;

/** A stretch of sound, ms from the start of the recording; `to` is the end of its last loud sample. */
export interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DetectionOptions {
  /** A 20 ms window counts as sound when its RMS is above this; default -50 dBFS. */
  readonly thresholdDb?: number;
  /** Shorter sounds are clicks and left out; default 30 ms. */
  readonly minSoundMs?: number;
  /** Silences shorter than this do not part two segments; default 0. */
  readonly joinGapMs?: number;
}

const WINDOW = (SAMPLE_RATE_HZ * 20) / 1000;
const HOP = (SAMPLE_RATE_HZ * 10) / 1000;
const HOP_MS = 10;
const FULL_SCALE = 32_768;
const DEFAULT_THRESHOLD_DB = -50;

/** Level of samples in dB below full scale; silence is -Infinity. */
export function levelDb(pcm: Int16Array): number {
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  return pcm.length === 0 ? -Infinity : 10 * Math.log10(sum / pcm.length / FULL_SCALE ** 2);
}

/**
 * Where there is sound: RMS of 20 ms windows every 10 ms, refined to the first and last loud sample of a run of windows, so that
 * a clean onset is found to the sample.
 */
export function findSegments(pcm: Int16Array, options: DetectionOptions = {}): Segment[] {
  const { thresholdDb = DEFAULT_THRESHOLD_DB, minSoundMs = 30, joinGapMs = 0 } = options;
  const segments: Segment[] = [];
  for (const [first, last] of loudRuns(pcm, thresholdDb)) {
    const segment = refine(pcm, first * HOP, Math.min(pcm.length, last * HOP + WINDOW), thresholdDb);
    if (segment === undefined || segment.toMs - segment.fromMs < minSoundMs - HOP_MS) continue;
    if ((last - first + 1) * HOP_MS < minSoundMs) continue;
    const before = segments.at(-1);
    if (before && segment.fromMs - before.toMs < joinGapMs) {
      segments[segments.length - 1] = { fromMs: before.fromMs, toMs: segment.toMs };
    } else segments.push(segment);
  }
  return segments;
}

/** Runs of windows above the threshold, as [first, last] window numbers. */
function loudRuns(pcm: Int16Array, thresholdDb: number): [number, number][] {
  const runs: [number, number][] = [];
  let first = -1;
  let index = 0;
  for (let start = 0; start < pcm.length; start += HOP, index += 1) {
    const loud = levelDb(pcm.subarray(start, start + WINDOW)) > thresholdDb;
    if (loud && first < 0) first = index;
    if (!loud && first >= 0) {
      runs.push([first, index - 1]);
      first = -1;
    }
  }
  if (first >= 0) runs.push([first, index - 1]);
  return runs;
}

function refine(pcm: Int16Array, start: number, end: number, thresholdDb: number): Segment | undefined {
  const loud = FULL_SCALE * 10 ** (thresholdDb / 20);
  let from = start;
  while (from < end && Math.abs(pcm[from] ?? 0) < loud) from += 1;
  let to = end;
  while (to > from && Math.abs(pcm[to - 1] ?? 0) < loud) to -= 1;
  return to > from ? { fromMs: toMs(from), toMs: toMs(to) } : undefined;
}

/** From first to last sound of a recording, or undefined when it is silent. */
export function soundBounds(pcm: Int16Array, options: DetectionOptions = {}): Segment | undefined {
  const segments = findSegments(pcm, options);
  const [first, last] = [segments[0], segments.at(-1)];
  return first && last && { fromMs: first.fromMs, toMs: last.toMs };
}

/**
 * Time from the end of speech to the first sound of an answer, ms. Negative: the answer began before the person had ended (it
 * cut them off). Sound that was already there when the person began is not an answer.
 *
 * @param spoken bounds of what was said, on the same time line as `heard`
 */
export function responseLatencyMs(spoken: Segment, heard: readonly Segment[]): number | undefined {
  const answer = heard.find((segment) => segment.fromMs >= spoken.fromMs);
  return answer && answer.fromMs - spoken.toMs;
}

/** How long the other side went on speaking after it was interrupted, ms; undefined when it was silent at that moment. */
export function bargeInStopMs(interruptedAtMs: number, heard: readonly Segment[]): number | undefined {
  const talking = heard.find((segment) => segment.fromMs < interruptedAtMs && segment.toMs > interruptedAtMs);
  return talking && talking.toMs - interruptedAtMs;
}

export const toMs = (samples: number): number => (samples / SAMPLE_RATE_HZ) * 1000;
export const toSamples = (ms: number): number => Math.round((ms / 1000) * SAMPLE_RATE_HZ);
