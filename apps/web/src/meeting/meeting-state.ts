import type { EndReason } from '@eloquence/shared/contracts/sessions';
import type { ShownEvent } from '../api/schemas.ts';
import type { CallAction, CallState } from '../call/call-state.ts';

/** Somebody said something. */
export interface MeetingLine {
  readonly id: string;
  readonly speaker: string;
  readonly text: string;
  readonly startMs: number;
}

export interface MeetingState {
  readonly link: CallState['link'];
  readonly weakNetwork: boolean;
  readonly outputBlocked: boolean;
  /** ms since epoch, the server's clock; `null` before the first person was there. */
  readonly startedAtMs: number | null;
  readonly paused: boolean;
  /** Names to show, by speaker. */
  readonly names: Readonly<Record<string, string>>;
  /** In spoken order. */
  readonly lines: readonly MeetingLine[];
  /** Words still being spoken, by speaker. */
  readonly live: Readonly<Record<string, { readonly text: string; readonly atMs: number }>>;
  /** Counts mini-summaries that were announced: another number, something new to fetch. */
  readonly summaries: number;
  readonly ended: { readonly reason: EndReason | null } | null;
  /** Position of the newest event applied. */
  readonly seq: number;
}

export type MeetingAction =
  | Exclude<CallAction, { type: 'interim.received' | 'agent.changed' | 'segment.received' }>
  | { readonly type: 'interim.received'; readonly speaker: string; readonly text: string; readonly nowMs: number };

/** Live words nobody confirmed for this long were noise. */
export const UNCONFIRMED_MS = 12_000;

export const initialMeeting: MeetingState = {
  link: 'connecting',
  weakNetwork: false,
  outputBlocked: false,
  startedAtMs: null,
  paused: false,
  names: {},
  lines: [],
  live: {},
  summaries: 0,
  ended: null,
  seq: 0,
};

/** Everything that happens in a meeting, one action at a time. Pure. */
export function meetingReducer(state: MeetingState, action: MeetingAction): MeetingState {
  switch (action.type) {
    case 'link.changed':
      return { ...state, link: action.link };
    case 'network.changed':
      return { ...state, weakNetwork: action.weak };
    case 'output.changed':
      return { ...state, outputBlocked: action.blocked };
    case 'event.received':
      return withEvent(state, action.event);
    case 'interim.received':
      return withInterim(state, action);
    case 'session.gone':
      return { ...state, ended: state.ended ?? { reason: null } };
    default:
      // What a conversation with an assistant has and a meeting has not.
      return state;
  }
}

function withInterim(
  state: MeetingState,
  { speaker, text, nowMs }: { readonly speaker: string; readonly text: string; readonly nowMs: number },
): MeetingState {
  if (text.trim() === '') return { ...state, live: without(state.live, speaker) };
  return { ...state, live: { ...state.live, [speaker]: { text, atMs: nowMs } } };
}

function withEvent(state: MeetingState, event: ShownEvent): MeetingState {
  const seq = event.seq ?? state.seq + 1;
  if (seq <= state.seq) return state;
  const next = { ...state, seq };
  switch (event.type) {
    case 'session.started':
      return { ...next, startedAtMs: state.startedAtMs ?? Date.parse(event.at) };
    case 'session.resumed':
      return { ...next, ended: null, paused: false };
    case 'session.ended':
      return { ...next, ended: { reason: event.reason }, live: {} };
    case 'participant.joined':
    case 'speaker.renamed':
      return event.speaker === undefined || event.name === undefined
        ? next
        : { ...next, names: { ...state.names, [event.speaker]: event.name } };
    case 'recording.paused':
      return { ...next, paused: true, live: {} };
    case 'recording.continued':
      return { ...next, paused: false };
    case 'summary.ready':
      return { ...next, summaries: state.summaries + 1 };
    case 'utterance.final':
      return withLine(next, event.utterance);
    case 'state.changed':
    case 'turn.measured':
      return next;
  }
}

function withLine(
  state: MeetingState,
  said: { readonly utterance_id: string; readonly speaker: string; readonly text: string; readonly start_ms: number },
): MeetingState {
  const { lines } = state;
  if (lines.some(({ id }) => id === said.utterance_id)) return state;
  // Sound that was delivered late has its place among what was said then.
  let place = lines.length;
  while (place > 0 && (lines[place - 1]?.startMs ?? 0) > said.start_ms) place -= 1;
  const line = { id: said.utterance_id, speaker: said.speaker, text: said.text, startMs: said.start_ms };
  return {
    ...state,
    lines: lines.toSpliced(place, 0, line),
    live: without(state.live, said.speaker),
  };
}

function without(live: MeetingState['live'], speaker: string): MeetingState['live'] {
  if (!(speaker in live)) return live;
  return Object.fromEntries(Object.entries(live).filter(([other]) => other !== speaker));
}

/** The name to show. A speaker nobody named yet is called by its id, without what makes it unique. */
export function nameOf(names: MeetingState['names'], speaker: string): string {
  return names[speaker] ?? speaker.replace(/-[a-z2-7]{10}(?=\.|$)/, '');
}
