import type { Gap, GapReason, Span } from '../contracts/meeting.ts';

/** A stretch of a session, ms, its end not part of it. */
export interface Interval {
  readonly start_ms: number;
  readonly end_ms: number;
}

/** The same time in as few intervals as possible: in order, neither touching nor empty. */
export function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  const merged: { start_ms: number; end_ms: number }[] = [];
  const inOrder = intervals
    .filter(({ start_ms, end_ms }) => end_ms > start_ms)
    .toSorted((a, b) => a.start_ms - b.start_ms);
  for (const { start_ms, end_ms } of inOrder) {
    const last = merged.at(-1);
    if (last && start_ms <= last.end_ms) last.end_ms = Math.max(last.end_ms, end_ms);
    else merged.push({ start_ms, end_ms });
  }
  return merged;
}

/** The time of `from` that is in none of `cover`, merged. */
export function subtractIntervals(from: readonly Interval[], cover: readonly Interval[]): Interval[] {
  const rest: Interval[] = [];
  const holes = mergeIntervals(cover);
  let at = 0;
  for (const { start_ms, end_ms } of mergeIntervals(from)) {
    let start = start_ms;
    while (at < holes.length && holes[at]!.end_ms <= start) at += 1;
    for (let n = at; n < holes.length && holes[n]!.start_ms < end_ms; n += 1) {
      const hole = holes[n]!;
      if (hole.start_ms > start) rest.push({ start_ms: start, end_ms: hole.start_ms });
      start = Math.max(start, hole.end_ms);
    }
    if (start < end_ms) rest.push({ start_ms: start, end_ms });
  }
  return rest;
}

/** The time of the intervals that lies in `within`, merged. */
export function clipIntervals(intervals: readonly Interval[], within: Interval): Interval[] {
  return mergeIntervals(
    intervals.map(({ start_ms, end_ms }) => ({
      start_ms: Math.max(start_ms, within.start_ms),
      end_ms: Math.min(end_ms, within.end_ms),
    })),
  );
}

/** How long the intervals are together, ms; time in several of them counts once. */
export function totalMs(intervals: readonly Interval[]): number {
  return mergeIntervals(intervals).reduce((sum, { start_ms, end_ms }) => sum + end_ms - start_ms, 0);
}

/** Spans merged per speaker, by speaker and time. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  return [...intervalsBySpeaker(spans)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([speaker, intervals]) => intervals.map((interval) => ({ speaker, ...interval })));
}

/** What was heard of each speaker, merged. */
export function intervalsBySpeaker(spans: readonly Span[]): Map<string, Interval[]> {
  const grouped = Map.groupBy(spans, ({ speaker }) => speaker);
  return new Map([...grouped].map(([speaker, of]) => [speaker, mergeIntervals(of)]));
}

/** Of reasons that overlap, the first is the one to tell: a pause was wanted, the others are its neighbours' faults. */
const REASONS = ['paused', 'stt_away', 'scribe_away', 'sender_away'] as const satisfies readonly GapReason[];

/**
 * What remains of gaps once the spans are taken out: in order of time, none overlapping another of the same speaker.
 *
 * A gap of everybody (`speaker` null) remains so where nobody at all was heard. Where some were heard, because their senders
 * had kept the sound, it remains for those others who were in the meeting then: heard both before and after.
 */
export function openGaps(gaps: readonly Gap[], spans: readonly Span[]): Gap[] {
  const heard = intervalsBySpeaker(spans);
  const byAnybody = mergeIntervals(spans);
  const open: Gap[] = [];
  const told = new Map<string | null, Interval[]>();
  const tell = (speaker: string | null, reason: GapReason, parts: readonly Interval[]): void => {
    const known = [...(told.get(null) ?? []), ...(told.get(speaker) ?? [])];
    const fresh = subtractIntervals(parts, known);
    told.set(speaker, [...(told.get(speaker) ?? []), ...fresh]);
    open.push(...fresh.map((interval) => ({ speaker, ...interval, reason })));
  };
  for (const reason of REASONS) {
    const everybody = gaps.filter((gap) => gap.speaker === null && gap.reason === reason);
    tell(null, reason, subtractIntervals(everybody, byAnybody));
  }
  for (const reason of REASONS) {
    const same = gaps.filter((gap) => gap.reason === reason);
    const everybody = mergeIntervals(same.filter(({ speaker }) => speaker === null));
    const speakers = new Set([...heard.keys(), ...same.flatMap(({ speaker }) => speaker ?? [])]);
    for (const speaker of speakers) {
      const own = heard.get(speaker) ?? [];
      const present = { start_ms: own[0]?.start_ms ?? 0, end_ms: own.at(-1)?.end_ms ?? 0 };
      const missed = [...clipIntervals(everybody, present), ...same.filter((gap) => gap.speaker === speaker)];
      tell(speaker, reason, subtractIntervals(missed, own));
    }
  }
  return open.toSorted((a, b) => a.start_ms - b.start_ms || compareSpeakers(a.speaker, b.speaker));
}

function compareSpeakers(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  return b === null || a > b ? 1 : -1;
}
