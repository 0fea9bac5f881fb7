import type { AgentState, TurnMeasurement } from '@eloquence/shared/contracts/events';
import type { EndReason } from '@eloquence/shared/contracts/sessions';
import type { ShownEvent } from '../api/schemas.ts';
import {
  addFinal,
  addTyped,
  dropSegment,
  emptyTranscript,
  EVENT_SEGMENT,
  putSegment,
  removeLine,
} from './transcript.ts';
import type { Segment, Transcript } from './transcript.ts';

/** The line to the room. `elsewhere`: joined from another page; `blocked`: an https page may not open a ws:// line. */
type LinkState = 'connecting' | 'connected' | 'resuming' | 'lost' | 'elsewhere' | 'blocked';

export interface CallState {
  readonly link: LinkState;
  readonly weakNetwork: boolean;
  /** `awaited`: never seen in this call; `gone`: was here and left. */
  readonly agent: 'awaited' | 'here' | 'gone';
  /** ms since epoch when the room was open without an agent; `null` while one is here or the line is down. */
  readonly agentMissingSinceMs: number | null;
  readonly agentState: AgentState | null;
  readonly outputBlocked: boolean;
  /** The person has written in this call: an open microphone that stays silent is then no trouble. */
  readonly writes: boolean;
  readonly transcript: Transcript;
  readonly lastTurn: TurnMeasurement | null;
  /** Position of the newest event applied: what a reconnect sends again is skipped. */
  readonly seq: number;
  readonly ended: { readonly reason: EndReason | null } | null;
}

export type CallAction =
  | { readonly type: 'link.changed'; readonly link: LinkState; readonly nowMs: number }
  | { readonly type: 'network.changed'; readonly weak: boolean }
  | { readonly type: 'agent.changed'; readonly here: boolean; readonly state: string | null; readonly nowMs: number }
  | { readonly type: 'output.changed'; readonly blocked: boolean }
  | { readonly type: 'event.received'; readonly event: ShownEvent }
  | { readonly type: 'interim.received'; readonly text: string }
  | { readonly type: 'segment.received'; readonly segment: Segment }
  | { readonly type: 'segment.expired'; readonly id: string }
  | { readonly type: 'message.typed'; readonly id: string; readonly text: string }
  | { readonly type: 'message.failed'; readonly id: string }
  | { readonly type: 'session.gone' };

export const initialCall: CallState = {
  link: 'connecting',
  weakNetwork: false,
  agent: 'awaited',
  agentMissingSinceMs: null,
  agentState: null,
  outputBlocked: false,
  writes: false,
  transcript: emptyTranscript,
  lastTurn: null,
  seq: 0,
  ended: null,
};

/** Everything that happens in a call, one action at a time. Pure. */
export function callReducer(state: CallState, action: CallAction): CallState {
  switch (action.type) {
    case 'link.changed':
      return withAgentClock({ ...state, link: action.link }, action.nowMs);
    case 'network.changed':
      return { ...state, weakNetwork: action.weak };
    case 'agent.changed':
      return withAgent(state, action);
    case 'output.changed':
      return { ...state, outputBlocked: action.blocked };
    case 'event.received':
      return withEvent(state, action.event);
    case 'interim.received':
      return withTranscript(
        state,
        putSegment(state.transcript, { id: EVENT_SEGMENT, role: 'user', text: action.text }),
      );
    case 'segment.received':
      return withTranscript(state, putSegment(state.transcript, action.segment));
    case 'segment.expired':
      return withTranscript(state, dropSegment(state.transcript, action.id));
    case 'message.typed':
      return withTranscript({ ...state, writes: true }, addTyped(state.transcript, action.id, action.text));
    case 'message.failed':
      return withTranscript(state, removeLine(state.transcript, action.id));
    case 'session.gone':
      return { ...state, ended: state.ended ?? { reason: null } };
  }
}

function withTranscript(state: CallState, transcript: Transcript): CallState {
  return transcript === state.transcript ? state : { ...state, transcript };
}

function withEvent(state: CallState, event: ShownEvent): CallState {
  const seq = event.seq ?? state.seq + 1;
  if (seq <= state.seq) return state;
  const next = { ...state, seq };
  switch (event.type) {
    case 'utterance.final':
      return { ...next, transcript: addFinal(state.transcript, event.utterance) };
    case 'state.changed':
      return { ...next, agentState: event.state };
    case 'turn.measured':
      return { ...next, lastTurn: event.turn };
    case 'session.ended':
      return { ...next, ended: { reason: event.reason } };
    case 'session.resumed':
      return { ...next, ended: null };
    case 'session.started':
    case 'participant.joined':
    case 'speaker.renamed':
    case 'recording.paused':
    case 'recording.continued':
    case 'summary.ready':
      return next;
  }
}

/** The newest agent in the room speaks for all: one that broke down may be replaced while its ghost is still listed. */
function withAgent(
  state: CallState,
  action: { readonly here: boolean; readonly state: string | null; readonly nowMs: number },
): CallState {
  if (!action.here) {
    const agent = state.agent === 'awaited' ? 'awaited' : 'gone';
    return withAgentClock({ ...state, agent, agentState: null }, action.nowMs);
  }
  const agentState = isAgentState(action.state) ? action.state : state.agentState;
  return withAgentClock({ ...state, agent: 'here', agentState }, action.nowMs);
}

function withAgentClock(state: CallState, nowMs: number): CallState {
  const missing = state.link === 'connected' && state.agent !== 'here';
  return { ...state, agentMissingSinceMs: missing ? (state.agentMissingSinceMs ?? nowMs) : null };
}

function isAgentState(value: string | null): value is AgentState {
  return value === 'initializing' || value === 'listening' || value === 'thinking' || value === 'speaking';
}
