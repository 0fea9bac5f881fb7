import { useCallback, useMemo, useReducer } from 'react';
import { createToken, endSession } from '../api/client.ts';
import { joinMeeting, setRecording } from '../api/meeting-client.ts';
import type { RoomLink, RoomTicket } from '../call/room-link.ts';
import { useSessionRoom } from '../call/use-session-room.ts';
import type { MicFailure } from '../problem.ts';
import type { StoredMeeting } from '../storage.ts';
import { initialMeeting, meetingReducer } from './meeting-state.ts';
import type { MeetingState } from './meeting-state.ts';

/** A meeting one is in, and what is needed to enter its room. */
export interface OpenedMeeting extends StoredMeeting {
  /** `null` after a reload: a fresh token is asked for. */
  readonly ticket: RoomTicket | null;
  readonly track: MediaStreamTrack | null;
  readonly failure: MicFailure | null;
}

export interface LiveMeeting {
  readonly state: MeetingState;
  readonly link: RoomLink;
  /** For everybody. Rejects when the server did not hear of it: the event stream says when it did. */
  readonly record: (state: 'paused' | 'recording') => Promise<void>;
  /** Ends it for everybody. */
  readonly end: () => Promise<void>;
}

/** One meeting from joining to leaving. */
export function useMeeting(opened: OpenedMeeting): LiveMeeting {
  const { sessionId } = opened;
  const [state, dispatch] = useReducer(meetingReducer, initialMeeting);
  const link = useSessionRoom({
    sessionId,
    ticket: opened.ticket,
    freshTicket: (signal) => freshTicket(opened, signal),
    tell: (action) => {
      if (action.type !== 'interim.received' && action.type !== 'agent.changed' && action.type !== 'segment.received') {
        dispatch(action);
      }
    },
    onInterim: (interim) => dispatch({ type: 'interim.received', ...interim, nowMs: Date.now() }),
  });
  const record = useCallback((wanted: 'paused' | 'recording') => setRecording(sessionId, wanted), [sessionId]);
  const end = useCallback(() => endSession(sessionId), [sessionId]);

  return useMemo(() => ({ state, link, record, end }), [state, link, record, end]);
}

async function freshTicket({ sessionId, joinedAs }: StoredMeeting, signal: AbortSignal): Promise<RoomTicket> {
  const fresh =
    joinedAs === null ? await createToken(sessionId, signal) : await joinMeeting(sessionId, joinedAs, signal);
  return { url: fresh.livekit_url, token: fresh.livekit_token };
}
