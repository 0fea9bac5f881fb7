import { describe, expect, it } from 'vitest';
import type { Gap, Span } from '../contracts/meeting.ts';
import {
  clipIntervals,
  mergeIntervals,
  mergeSpans,
  openGaps,
  subtractIntervals,
  totalMs,
  type Interval,
} from './spans.ts';

const of = (...pairs: [number, number][]): Interval[] => pairs.map(([start_ms, end_ms]) => ({ start_ms, end_ms }));
const spans = (speaker: string, ...pairs: [number, number][]): Span[] =>
  of(...pairs).map((interval) => ({ speaker, ...interval }));
const gap = (speaker: string | null, start_ms: number, end_ms: number, reason: Gap['reason'] = 'scribe_away'): Gap => ({
  speaker,
  start_ms,
  end_ms,
  reason,
});

/** Numbers from 0 to 1 that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
const LENGTH = 60;
function randomIntervals(next: () => number): Interval[] {
  return Array.from({ length: Math.floor(next() * 8) }, () => {
    const start_ms = Math.floor(next() * LENGTH);
    return { start_ms, end_ms: Math.min(LENGTH, start_ms + Math.floor(next() * 15)) };
  });
}
/** Every millisecond by itself: what the arithmetic must agree with. */
const points = (intervals: readonly Interval[]): boolean[] =>
  Array.from({ length: LENGTH }, (_, ms) => intervals.some(({ start_ms, end_ms }) => start_ms <= ms && ms < end_ms));
const isMerged = (intervals: readonly Interval[]): boolean =>
  intervals.every(({ start_ms, end_ms }, n) => start_ms < end_ms && (n === 0 || intervals[n - 1]!.end_ms < start_ms));

describe('intervals', () => {
  it('agree with counting every millisecond, over 2000 random cases', () => {
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const next = random(seed);
      const [a, b] = [randomIntervals(next), randomIntervals(next)];
      const [window = { start_ms: 5, end_ms: 20 }] = randomIntervals(next);
      const [inA, inB, inWindow] = [points(a), points(b), points([window])];
      const merged = mergeIntervals(a);
      const rest = subtractIntervals(a, b);
      const clipped = clipIntervals(a, window);
      expect(points(merged), `merge, seed ${seed}`).toEqual(inA);
      expect(points(rest), `subtract, seed ${seed}`).toEqual(inA.map((is, ms) => is && !inB[ms]));
      expect(points(clipped), `clip, seed ${seed}`).toEqual(inA.map((is, ms) => is && inWindow[ms]));
      expect([merged, rest, clipped].map(isMerged), `seed ${seed}`).toEqual([true, true, true]);
      expect(totalMs(a), `seed ${seed}`).toBe(inA.filter(Boolean).length);
    }
  });

  it('join when they touch, and vanish when they are empty', () => {
    expect(mergeIntervals(of([10, 20], [0, 10], [30, 30], [25, 22]))).toEqual(of([0, 20]));
  });
});

describe('spans', () => {
  it('are merged per speaker, by speaker and time', () => {
    expect(mergeSpans([...spans('b', [0, 10]), ...spans('a', [20, 30], [5, 20]), ...spans('b', [10, 12])])).toEqual([
      ...spans('a', [5, 30]),
      ...spans('b', [0, 12]),
    ]);
  });
});

describe('gaps', () => {
  it('are filled by sound that was delivered later', () => {
    expect(openGaps([gap('a', 10, 30)], spans('a', [0, 12], [15, 100]))).toEqual([gap('a', 12, 15)]);
    expect(openGaps([gap('a', 10, 30)], spans('a', [0, 100]))).toEqual([]);
  });

  it('of one speaker are not filled by another', () => {
    expect(openGaps([gap('a', 10, 30)], spans('b', [0, 100]))).toEqual([gap('a', 10, 30)]);
  });

  it('of everybody remain for those who were there and whose sound never came', () => {
    const heard = [
      ...spans('kept', [0, 25], [28, 100]),
      ...spans('lost', [0, 10], [30, 100]),
      ...spans('late', [50, 100]),
      ...spans('early', [0, 5]),
    ];
    expect(openGaps([gap(null, 10, 30)], heard)).toEqual([gap('lost', 10, 25), gap(null, 25, 28), gap('lost', 28, 30)]);
  });

  it('that overlap are told once, a pause before a fault', () => {
    const told = openGaps(
      [gap('a', 0, 20, 'sender_away'), gap(null, 5, 10, 'paused'), gap('a', 15, 30, 'stt_away')],
      [],
    );
    expect(told).toEqual([
      gap('a', 0, 5, 'sender_away'),
      gap(null, 5, 10, 'paused'),
      gap('a', 10, 15, 'sender_away'),
      gap('a', 15, 30, 'stt_away'),
    ]);
  });

  it('never overlap what was heard of their speaker or one another, over 1000 random cases', () => {
    for (let seed = 1; seed <= 1_000; seed += 1) {
      const next = random(seed);
      const heard = ['a', 'b'].flatMap((speaker) => randomIntervals(next).map((span) => ({ speaker, ...span })));
      const reasons = ['paused', 'stt_away', 'scribe_away', 'sender_away'] as const;
      const said = [null, 'a', 'b', null].flatMap((speaker, n) =>
        randomIntervals(next).map((span) => ({ speaker, ...span, reason: reasons[n]! })),
      );
      const open = openGaps(said, heard);
      for (const speaker of ['a', 'b']) {
        const missing = open.filter((one) => one.speaker === speaker || one.speaker === null);
        const sum = missing.reduce((ms, { start_ms, end_ms }) => ms + end_ms - start_ms, 0);
        expect(totalMs(missing), `seed ${seed}`).toBe(sum);
        const own = heard.filter((span) => span.speaker === speaker);
        expect(totalMs(subtractIntervals(missing, own)), `seed ${seed}`).toBe(sum);
        // Nothing that was said to be missing of this speaker by name, and was not heard, is forgotten.
        const named = said.filter((one) => one.speaker === speaker);
        expect(subtractIntervals(subtractIntervals(named, own), missing), `seed ${seed}`).toEqual([]);
      }
      const nobody = subtractIntervals(
        said.filter((one) => one.speaker === null),
        heard,
      );
      expect(
        subtractIntervals(
          nobody,
          open.filter((one) => one.speaker === null),
        ),
      ).toEqual([]);
    }
  });
});
