import { clipIntervals, mergeIntervals, subtractIntervals, type Interval } from '@eloquence/shared/runtime/spans';
import type { Segment } from '../spool/segment.ts';

/** A segment and where it lies in the session. */
export interface Placed extends Interval {
  readonly segment: Segment;
}

export interface PlanInput {
  /** Of one source. */
  readonly placed: readonly Placed[];
  /** What the server has heard of this source, by whatever way. */
  readonly heard: readonly Interval[];
  /** Of this, what was delivered by us, and is therefore exact. */
  readonly delivered: readonly Interval[];
  /** What the server says it missed. */
  readonly missed: readonly Interval[];
  /** What went into a room with a scribe in it: its text may be on its way. */
  readonly carried: readonly Interval[];
  /** What the server has refused for good. */
  readonly refused: readonly Interval[];
  readonly nowMs: number;
  /** Capture is over and the last sound had time to be heard: nothing is on its way any more. */
  readonly isFinal: boolean;
}

export interface Plan {
  /** Whole segments that need not be kept. */
  readonly done: Segment[];
  /** What has to be delivered, in order. */
  readonly deliver: Interval[];
  /** What may still come by itself. */
  readonly waiting: Interval[];
}

/** The room's path takes time that the two clocks do not show: what it carried at the edge of something heard was heard. */
const EDGE_MS = 800;
/** Less than this is a matter of rounding, not of sound. */
const LEAST_MS = 40;
/** Segments follow each other with corrections of times. */
const JOIN_MS = 120;
/** Text further on means that what lies so far before it will not come any more. */
const PASSED_MS = 15_000;
/** The scribe keeps sound for an absent recogniser for 120 s; what it has not told of by then it will not. */
const PATIENCE_MS = 150_000;

/** What to do about the sound of one source that is on disk. Pure: same input, same plan. */
export function planDelivery(input: PlanInput): Plan {
  const stored = joined(input.placed);
  const byRoom = subtractIntervals(input.heard, input.delivered);
  const unheard = subtractIntervals(stored, input.heard);
  const edges = unheard.filter((part) => part.end_ms - part.start_ms <= EDGE_MS && touches(part, byRoom));
  const missing = subtractIntervals(
    unheard,
    edges.flatMap((edge) => clipIntervals(input.carried, edge)),
  ).filter(({ start_ms, end_ms }) => end_ms - start_ms >= LEAST_MS);
  const open = subtractIntervals(missing, input.refused);
  const lastHeardMs = input.heard.at(-1)?.end_ms ?? 0;
  const settledMs = Math.max(lastHeardMs - PASSED_MS, input.nowMs - PATIENCE_MS);
  const hopeless = [...input.missed, { start_ms: 0, end_ms: Math.max(0, settledMs) }];
  const onItsWay = input.isFinal ? [] : subtractIntervals(input.carried, hopeless);
  const deliver = subtractIntervals(open, onItsWay);
  return {
    done: input.placed
      .filter(({ segment }) => segment.form !== 'open')
      .filter((placed) => clipIntervals(missing, placed).length === 0)
      .map(({ segment }) => segment),
    deliver: clipToClosed(deliver, input.placed),
    waiting: subtractIntervals(open, deliver),
  };
}

/** What is being written waits until it is whole. */
function clipToClosed(parts: readonly Interval[], placed: readonly Placed[]): Interval[] {
  const open = placed.filter(({ segment }) => segment.form === 'open');
  return subtractIntervals(parts, open);
}

function joined(placed: readonly Placed[]): Interval[] {
  // Sound from before the session's start has no place in it.
  const within = placed.map(({ start_ms, end_ms }) => ({ start_ms: Math.max(0, start_ms), end_ms }));
  const merged = mergeIntervals(within);
  const out: { start_ms: number; end_ms: number }[] = [];
  for (const part of merged) {
    const last = out.at(-1);
    if (last && part.start_ms - last.end_ms <= JOIN_MS) last.end_ms = part.end_ms;
    else out.push({ ...part });
  }
  return out;
}

function touches(part: Interval, heard: readonly Interval[]): boolean {
  return heard.some(({ start_ms, end_ms }) => end_ms === part.start_ms || start_ms === part.end_ms);
}
