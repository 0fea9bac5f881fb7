import { expect, it } from 'vitest';
import type { ShownEvent } from '../api/schemas.ts';
import { initialMeeting, meetingReducer, nameOf } from './meeting-state.ts';
import type { MeetingState } from './meeting-state.ts';

const at = '2026-01-19T14:30:00.000Z';
const said = (seq: number, id: string, startMs: number, speaker = 'marc'): ShownEvent => ({
  seq,
  at,
  type: 'utterance.final',
  utterance: { utterance_id: id, speaker, role: 'user', text: id, start_ms: startMs, end_ms: startMs + 500 },
});
const after = (events: readonly ShownEvent[], state: MeetingState = initialMeeting) =>
  events.reduce((before, event) => meetingReducer(before, { type: 'event.received', event }), state);
const texts = (state: MeetingState) => state.lines.map(({ text }) => text);

it('puts what was said in its place, also when it is delivered late, and each sentence once', () => {
  const state = after([said(1, 'one', 0), said(2, 'three', 9_000), said(3, 'two', 4_000), said(3, 'again', 5_000)]);
  expect(texts(after([said(4, 'one', 0)], state))).toEqual(['one', 'two', 'three']);
});

it('shows live words under who says them, until the sentence is whole', () => {
  const live = { type: 'interim.received', nowMs: 1, text: 'bon' } as const;
  const both = ['marc', 'claire'].reduce(
    (state, speaker) => meetingReducer(state, { ...live, speaker }),
    initialMeeting,
  );
  expect(Object.keys(both.live)).toEqual(['marc', 'claire']);
  expect(Object.keys(after([said(1, 'bonjour', 0)], both).live)).toEqual(['claire']);
  expect(meetingReducer(both, { ...live, speaker: 'marc', text: ' ' }).live['marc']).toBeUndefined();
});

it('knows names from who joined and from renamings; the last one holds', () => {
  const state = after([
    { seq: 1, at, type: 'participant.joined', identity: 'marc~x', speaker: 'marc', name: 'Marc' },
    { seq: 2, at, type: 'participant.joined', identity: 'agent' },
    { seq: 3, at, type: 'speaker.renamed', speaker: 'marc', name: 'Marc Petit' },
  ]);
  expect(nameOf(state.names, 'marc')).toBe('Marc Petit');
  expect(nameOf(state.names, 'zoe-durand-abcdefg234')).toBe('zoe-durand');
  expect(nameOf(state.names, 'zoe-abcdefg234.them')).toBe('zoe.them');
});

it('is paused and goes on, for everybody', () => {
  const paused = after([{ seq: 1, at, type: 'recording.paused' }]);
  expect(paused.paused).toBe(true);
  expect(after([{ seq: 2, at, type: 'recording.continued' }], paused).paused).toBe(false);
});

it('is not over when it was taken up again', () => {
  const ended = after([{ seq: 1, at, type: 'session.ended', reason: 'requested' }]);
  expect(ended.ended).toEqual({ reason: 'requested' });
  expect(after([{ seq: 2, at, type: 'session.resumed' }], ended).ended).toBeNull();
});

it('counts mini-summaries, and begins when the first person was there', () => {
  const state = after([
    { seq: 1, at, type: 'session.started' },
    { seq: 2, at: '2026-01-19T15:00:00.000Z', type: 'session.started' },
    { seq: 3, at, type: 'summary.ready', index: 0 },
  ]);
  expect(state).toMatchObject({ startedAtMs: Date.parse(at), summaries: 1 });
});
