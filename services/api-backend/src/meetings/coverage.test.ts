import { sessionEventBodySchema, type SessionEvent, type SessionEventBody } from '@eloquence/shared/contracts/events';
import { describe, expect, it } from 'vitest';
import { soundOf, toSessionMs } from './coverage.ts';

const START_MS = Date.parse('2026-01-19T14:30:00.000Z');
const at = (ms: number) => new Date(START_MS + ms).toISOString();
const clock = (nowMs: number) => ({ startedAtMs: START_MS, nowMs: START_MS + nowMs });

function log(...bodies: SessionEventBody[]): SessionEvent[] {
  return bodies.map((body, index) => ({
    ...sessionEventBodySchema.parse(body),
    seq: index + 1,
    session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
  }));
}
const heard = (speaker: string, start_ms: number, end_ms: number): SessionEventBody => ({
  type: 'audio.transcribed',
  at: at(end_ms),
  spans: [{ speaker, start_ms, end_ms }],
});
const pause = (ms: number): SessionEventBody => ({ type: 'recording.paused', at: at(ms), at_ms: ms });
const go = (ms: number): SessionEventBody => ({ type: 'recording.continued', at: at(ms), at_ms: ms });
const end = (ms: number): SessionEventBody => ({ type: 'session.ended', at: at(ms), reason: 'requested' });
const resume = (ms: number): SessionEventBody => ({ type: 'session.resumed', at: at(ms), time: 1 });
const pausedGap = (start_ms: number, end_ms: number) => ({ speaker: null, start_ms, end_ms, reason: 'paused' });

describe('what was heard', () => {
  it('is merged per speaker, and fills what was missed', () => {
    const missed: SessionEventBody = {
      type: 'audio.missed',
      at: at(0),
      gap: { speaker: 'anne', start_ms: 10_000, end_ms: 30_000, reason: 'sender_away' },
    };
    const sound = soundOf(log(heard('anne', 0, 10_000), missed, heard('anne', 10_000, 25_000)), clock(40_000));
    expect(sound.spans).toEqual([{ speaker: 'anne', start_ms: 0, end_ms: 25_000 }]);
    expect(sound.gaps).toEqual([{ speaker: 'anne', start_ms: 25_000, end_ms: 30_000, reason: 'sender_away' }]);
  });
});

describe('a pause', () => {
  it('lasts from the first time it was said to the first time it was taken back', () => {
    const sound = soundOf(log(pause(1_000), pause(2_000), go(5_000), go(6_000)), clock(9_000));
    expect(sound.gaps).toEqual([pausedGap(1_000, 5_000)]);
    expect(sound.recording).toEqual({ state: 'recording', at_ms: 5_000 });
  });

  it('lasts until now while nobody has taken it back', () => {
    const sound = soundOf(log(pause(1_000)), clock(9_000));
    expect(sound.gaps).toEqual([pausedGap(1_000, 9_000)]);
    expect(sound.recording).toEqual({ state: 'paused', at_ms: 1_000 });
  });

  it('ends with its part of the meeting; the break before the next part is one too, whose sound may still come', () => {
    const events = log(heard('anne', 0, 1_000), pause(1_000), end(3_000), resume(8_000), heard('anne', 8_000, 9_000));
    const sound = soundOf(events, clock(9_000));
    expect(sound.gaps).toEqual([pausedGap(1_000, 8_000)]);
    expect(sound.pauses).toEqual([{ start_ms: 1_000, end_ms: 3_000 }]);
    expect(sound.recording).toEqual({ state: 'recording', at_ms: 3_000 });
  });
});

it('pauses as somebody would who listened to every second, over 500 random meetings', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    let state = seed;
    const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const length = 40;
    const bodies: SessionEventBody[] = [];
    const silent = Array.from({ length }, () => false);
    let isPaused = false;
    for (let second = 0; second < length; second += 1) {
      const wish = next();
      if (wish < 0.15) {
        bodies.push(pause(second));
        isPaused = true;
      } else if (wish < 0.3) {
        bodies.push(go(second));
        isPaused = false;
      }
      silent[second] = isPaused;
    }
    const { gaps, recording } = soundOf(log(...bodies), clock(length));
    const told = silent.map((_, ms) => gaps.some(({ start_ms, end_ms }) => start_ms <= ms && ms < end_ms));
    expect(told, `seed ${seed}`).toEqual(silent);
    expect(recording.state, `seed ${seed}`).toBe(isPaused ? 'paused' : 'recording');
  }
});

it('has no time before a meeting has started', () => {
  expect(toSessionMs(START_MS, { startedAtMs: null, nowMs: START_MS })).toBe(0);
  expect(toSessionMs(START_MS - 5, clock(0))).toBe(0);
  expect(toSessionMs(START_MS + 1_234, clock(0))).toBe(1_234);
});
