import { describe, expect, it } from 'vitest';
import { callReducer, initialCall } from './call-state.ts';
import type { CallAction, CallState } from './call-state.ts';
import { headlineOf, noticeOf } from './notice.ts';
import type { MicState } from './notice.ts';

const at = '2026-01-01T00:00:00.000Z';
const run = (...actions: CallAction[]): CallState => actions.reduce(callReducer, initialCall);
const connected: CallAction = { type: 'link.changed', link: 'connected', nowMs: 1_000 };
const agent = (here: boolean, state: string | null, nowMs = 2_000): CallAction => ({
  type: 'agent.changed',
  here,
  state,
  nowMs,
});
const final = (seq: number, id: string): CallAction => ({
  type: 'event.received',
  event: {
    type: 'utterance.final',
    seq,
    at,
    utterance: { utterance_id: id, speaker: 'x', role: 'user', text: id, start_ms: seq, end_ms: seq },
  },
});
const live: MicState = { status: 'live', silent: false };

describe('callReducer', () => {
  it('skips events it has already applied after a reconnect', () => {
    const state = run(final(1, 'a'), final(2, 'b'));
    expect(callReducer(state, final(2, 'b'))).toBe(state);
    expect(callReducer(state, final(3, 'c')).transcript.lines.map((line) => line.id)).toEqual(['a', 'b', 'c']);
  });

  it('takes the state of the agent from the room and from events, whichever spoke last', () => {
    const thinking: CallAction = {
      type: 'event.received',
      event: { type: 'state.changed', seq: 5, at, state: 'thinking' },
    };
    const state = run(connected, agent(true, 'listening'), thinking);
    expect(state.agentState).toBe('thinking');
    expect(callReducer(state, agent(true, 'speaking')).agentState).toBe('speaking');
    expect(callReducer(state, agent(true, 'idle')).agentState).toBe('thinking');
  });

  it('comes back to life when a new agent replaces a dead one', () => {
    const gone = run(connected, agent(true, 'speaking'), agent(false, null, 9_000));
    expect(gone).toMatchObject({ agent: 'gone', agentState: null, agentMissingSinceMs: 9_000 });
    expect(callReducer(gone, agent(true, 'listening'))).toMatchObject({ agent: 'here', agentMissingSinceMs: null });
  });

  it('keeps the reason of the end', () => {
    const ended = run({ type: 'event.received', event: { type: 'session.ended', seq: 1, at, reason: 'max_duration' } });
    expect(ended.ended).toEqual({ reason: 'max_duration' });
    expect(callReducer(ended, { type: 'session.gone' }).ended).toEqual({ reason: 'max_duration' });
  });
});

describe('noticeOf', () => {
  it('says nothing for three seconds, then that the assistant is late, then offers to call again', () => {
    const state = run(connected);
    expect(noticeOf(state, live, 3_900)).toBeNull();
    expect(noticeOf(state, live, 4_000)?.key).toBe('problem.agent_late');
    expect(noticeOf(state, live, 21_000)).toEqual({ key: 'problem.agent_missing', tone: 'alert', action: 'restart' });
  });

  it('does not count the time the line itself is down', () => {
    const state = run(connected, { type: 'link.changed', link: 'resuming', nowMs: 5_000 });
    expect(noticeOf(state, live, 60_000)?.key).toBe('problem.resuming');
    const back = callReducer(state, { type: 'link.changed', link: 'connected', nowMs: 61_000 });
    expect(noticeOf(back, live, 62_000)).toBeNull();
  });

  it('tells an assistant that broke down from one that never came', () => {
    const state = run(connected, agent(true, 'speaking'), agent(false, null, 9_000));
    expect(noticeOf(state, live, 9_500)?.key).toBe('problem.agent_restarting');
    expect(noticeOf(state, live, 29_000)?.action).toBe('restart');
  });

  it.each([
    [{ status: 'off', failure: 'denied' }, 'problem.denied'],
    [{ status: 'off', failure: 'none' }, 'problem.none'],
    [{ status: 'off', failure: 'in_use' }, 'problem.in_use'],
    [{ status: 'off', failure: 'insecure' }, 'problem.insecure'],
    [{ status: 'live', silent: true }, 'problem.silent'],
    [{ status: 'interrupted' }, 'problem.interrupted'],
  ] as const)('names what is wrong with the microphone: %j', (mic, key) => {
    expect(noticeOf(run(connected, agent(true, 'listening')), mic, 3_000)?.key).toBe(key);
  });

  it('says which setting keeps a secure page from an open line', () => {
    const state = run({ type: 'link.changed', link: 'blocked', nowMs: 1 });
    expect(noticeOf(state, live, 2)).toEqual({ key: 'problem.mixed_content', tone: 'alert', action: null });
    expect(headlineOf(state, 2)).toBe('state.lost');
  });

  it('leaves a person who chose to write alone', () => {
    const state = run(connected, agent(true, 'listening'));
    expect(noticeOf(state, { status: 'off', failure: null }, 3_000)).toBeNull();
  });

  it('never speaks of silence to somebody who writes', () => {
    const here = run(connected, agent(true, 'listening'));
    const wrote = callReducer(here, { type: 'message.typed', id: 'a', text: 'Bonjour' });
    expect(noticeOf(wrote, { status: 'live', silent: true }, 3_000)).toBeNull();
    const failed = callReducer(wrote, { type: 'message.failed', id: 'a' });
    expect(noticeOf(failed, { status: 'live', silent: true }, 3_000)).toBeNull();
  });

  it('puts a lost line before a missing microphone', () => {
    const state = run({ type: 'link.changed', link: 'lost', nowMs: 1 });
    expect(noticeOf(state, { status: 'off', failure: 'denied' }, 2)?.action).toBe('retry');
  });
});

describe('headlineOf', () => {
  it('follows the call from connecting to speaking', () => {
    expect(headlineOf(initialCall, 0)).toBe('state.connecting');
    expect(headlineOf(run(connected), 2_000)).toBe('state.waiting');
    expect(headlineOf(run(connected), 21_000)).toBe('state.missing');
    expect(headlineOf(run(connected, agent(true, null)), 2_000)).toBe('state.initializing');
    expect(headlineOf(run(connected, agent(true, 'speaking')), 2_000)).toBe('state.speaking');
  });
});
