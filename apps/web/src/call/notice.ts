import type { MessageKey } from '../i18n/fr.ts';
import type { MicFailure } from '../problem.ts';
import type { CallState } from './call-state.ts';

/** What the person's microphone is doing. `off` with a failure: it could not be opened. */
export type MicState =
  | { readonly status: 'off'; readonly failure: MicFailure | null }
  | { readonly status: 'live'; readonly silent: boolean }
  | { readonly status: 'muted' }
  | { readonly status: 'interrupted' };

/** What a tap on the notice does. */
export type NoticeAction = 'startAudio' | 'takeOver' | 'restart' | 'retry' | 'retryMic' | 'changeMic' | 'recoverMic';

export interface Notice {
  readonly key: MessageKey;
  readonly tone: 'alert' | 'info';
  readonly action: NoticeAction | null;
}

/** After this the page says that the assistant is late, and after {@link AGENT_MISSING_MS} it offers a way out. */
const AGENT_LATE_MS = 3_000;
const AGENT_MISSING_MS = 20_000;

/** The one thing the person has to know now, most severe first; `null` when all is well. Pure. */
export function noticeOf(state: CallState, mic: MicState, nowMs: number): Notice | null {
  return noticeOfLink(state) ?? noticeOfAgent(state, nowMs) ?? noticeOfMic(mic, state.writes);
}

/** The same where nobody is awaited but people: a meeting. */
export function roomNoticeOf(room: RoomFacts, mic: MicState): Notice | null {
  return noticeOfLink(room) ?? noticeOfMic(mic, false);
}

type RoomFacts = Pick<CallState, 'link' | 'outputBlocked'>;

function noticeOfLink(state: RoomFacts): Notice | null {
  if (state.link === 'elsewhere') return { key: 'problem.elsewhere', tone: 'alert', action: 'takeOver' };
  if (state.link === 'blocked') return { key: 'problem.mixed_content', tone: 'alert', action: null };
  if (state.link === 'lost') return { key: 'problem.lost', tone: 'alert', action: 'retry' };
  if (state.link === 'resuming') return { key: 'problem.resuming', tone: 'alert', action: null };
  if (state.outputBlocked) return { key: 'problem.output', tone: 'info', action: 'startAudio' };
  return null;
}

function isMissing(state: CallState, nowMs: number): boolean {
  return state.agentMissingSinceMs !== null && nowMs - state.agentMissingSinceMs >= AGENT_MISSING_MS;
}

function noticeOfAgent(state: CallState, nowMs: number): Notice | null {
  if (state.agentMissingSinceMs === null) return null;
  const missingMs = nowMs - state.agentMissingSinceMs;
  if (isMissing(state, nowMs)) return { key: 'problem.agent_missing', tone: 'alert', action: 'restart' };
  if (state.agent === 'gone') return { key: 'problem.agent_restarting', tone: 'info', action: null };
  if (missingMs >= AGENT_LATE_MS) return { key: 'problem.agent_late', tone: 'info', action: null };
  return null;
}

function noticeOfMic(mic: MicState, writes: boolean): Notice | null {
  if (mic.status === 'interrupted') return { key: 'problem.interrupted', tone: 'alert', action: 'recoverMic' };
  if (mic.status === 'live') {
    return mic.silent && !writes ? { key: 'problem.silent', tone: 'info', action: 'changeMic' } : null;
  }
  if (mic.status !== 'off' || mic.failure === null) return null;
  return { key: `problem.${mic.failure}`, tone: 'alert', action: mic.failure === 'insecure' ? null : 'retryMic' };
}

/** The large words of the call: what the assistant does, or why it does nothing. */
export function headlineOf(state: CallState, nowMs: number): MessageKey {
  if (state.link === 'connecting') return 'state.connecting';
  if (state.link === 'resuming') return 'state.resuming';
  if (state.link !== 'connected') return 'state.lost';
  if (state.agent !== 'here') return isMissing(state, nowMs) ? 'state.missing' : 'state.waiting';
  return `state.${state.agentState ?? 'initializing'}`;
}
