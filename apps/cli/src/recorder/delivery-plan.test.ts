import { expect, test } from 'vitest';
import type { Segment } from '../spool/segment.ts';
import { planDelivery, type Placed, type PlanInput } from './delivery-plan.ts';

function placed(startS: number, endS: number, form: Segment['form'] = 'flac'): Placed {
  const segment: Segment = {
    source: 'them',
    run: 1,
    startMs: startS * 1_000,
    durationMs: (endS - startS) * 1_000,
    bytes: 1,
    form,
  };
  return { segment, start_ms: startS * 1_000, end_ms: endS * 1_000 };
}

const s = (from: number, to: number) => ({ start_ms: from * 1_000, end_ms: to * 1_000 });

function plan(input: Partial<PlanInput>) {
  const full = {
    placed: [],
    heard: [],
    delivered: [],
    missed: [],
    carried: [],
    refused: [],
    nowMs: 60_000,
    isFinal: false,
    ...input,
  };
  const { done, deliver, waiting } = planDelivery(full);
  return { done: done.map(({ startMs }) => startMs / 1_000), deliver, waiting };
}

test('a segment goes once the server has heard all of it, edges aside', () => {
  const three = [placed(0, 10), placed(10, 20), placed(20, 30)];
  const outcome = plan({ placed: three, heard: [s(0.3, 24)], carried: [s(0, 30)] });
  expect(outcome).toEqual({ done: [0, 10], deliver: [], waiting: [s(24, 30)] });
});

test('sound that no room carried is delivered as soon as its segment is whole', () => {
  const outcome = plan({ placed: [placed(0, 10), placed(10, 20), placed(20, 24, 'open')], heard: [s(0, 4)] });
  expect(outcome).toEqual({ done: [], deliver: [s(4, 20)], waiting: [] });
});

test('what the room carried may still be written; what the server says it missed will not be', () => {
  const outcome = plan({
    placed: [placed(0, 10), placed(10, 20)],
    heard: [s(0, 8)],
    carried: [s(0, 20)],
    missed: [s(11, 13)],
    nowMs: 21_000,
  });
  expect(outcome.deliver).toEqual([s(11, 13)]);
  expect(outcome.waiting).toEqual([s(8, 11), s(13, 20)]);
});

test('a hole that the text has passed by, or that has waited too long, is delivered although it was carried', () => {
  const passed = plan({ placed: [placed(0, 10), placed(10, 20)], heard: [s(0, 3), s(5, 40)], carried: [s(0, 40)] });
  expect(passed.deliver).toEqual([s(3, 5)]);
  const late = plan({ placed: [placed(0, 10)], carried: [s(0, 10)], nowMs: 200_000 });
  expect(late.deliver).toEqual([s(0, 10)]);
});

test('at the end nothing is waited for, short or not, and a lone fragment is not taken for an edge', () => {
  const outcome = plan({
    placed: [placed(0, 10), placed(30, 30.3)],
    heard: [s(0, 9.8)],
    carried: [s(0, 31)],
    isFinal: true,
  });
  expect(outcome).toEqual({ done: [0], deliver: [s(30, 30.3)], waiting: [] });
});

test('what is left beside a delivered piece is no edge', () => {
  const outcome = plan({ placed: [placed(0, 10.3)], heard: [s(0, 10)], delivered: [s(0, 10)] });
  expect(outcome).toEqual({ done: [], deliver: [s(10, 10.3)], waiting: [] });
});

test('what the server refused is not sent again, and is kept', () => {
  expect(plan({ placed: [placed(0, 10)], refused: [s(0, 10)], isFinal: true })).toEqual({
    done: [],
    deliver: [],
    waiting: [],
  });
});

test('sound from before the session started has no place in it', () => {
  const early = { ...placed(0, 10), start_ms: -12_000, end_ms: -2_000 };
  const across = { ...placed(10, 20), start_ms: -2_000, end_ms: 8_000 };
  expect(plan({ placed: [early, across] })).toEqual({ done: [0], deliver: [s(0, 8)], waiting: [] });
});
