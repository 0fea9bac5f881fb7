import { useCallback, useEffect, useMemo, useReducer, useState } from 'react';
import { createToken, endSession } from '../api/client.ts';
import { followEvents } from '../api/follow-events.ts';
import { joinMeeting, setRecording } from '../api/meeting-client.ts';
import { resumeMeters } from '../audio/level-meter.ts';
import { RoomLink } from '../call/room-link.ts';
import type { RoomTicket } from '../call/room-link.ts';
import type { CallAction } from '../call/call-state.ts';
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
  readonly rejoin: () => void;
  readonly startAudio: () => void;
  /** For everybody. Rejects when the server did not hear of it: the event stream says when it did. */
  readonly record: (state: 'paused' | 'recording') => Promise<void>;
  /** Ends it for everybody. */
  readonly end: () => Promise<void>;
}

/** One meeting from joining to leaving. */
export function useMeeting(opened: OpenedMeeting): LiveMeeting {
  const { sessionId } = opened;
  const [state, dispatch] = useReducer(meetingReducer, initialMeeting);
  const [link] = useState(() => {
    const tell = (action: CallAction) => {
      if (action.type !== 'interim.received' && action.type !== 'agent.changed' && action.type !== 'segment.received') {
        dispatch(action);
      }
    };
    return new RoomLink({ freshTicket: (signal) => freshTicket(opened, signal), tell });
  });
  const [firstTicket] = useState(opened.ticket);

  useEffect(() => {
    link.join(firstTicket).catch(() => {});
    return () => {
      link.close().catch(() => {});
    };
  }, [link, firstTicket]);

  useEffect(() => {
    const closing = new AbortController();
    followEvents({
      path: `/api/sessions/${sessionId}/events`,
      signal: closing.signal,
      onEvent: (event) => dispatch({ type: 'event.received', event }),
      onInterim: (interim) => dispatch({ type: 'interim.received', ...interim, nowMs: Date.now() }),
      onOver: (refusal) => {
        if (refusal === null || refusal.status === 404) dispatch({ type: 'session.gone' });
      },
    }).catch(() => {});
    return () => closing.abort();
  }, [sessionId]);

  const rejoin = useCallback(() => {
    dispatch({ type: 'link.changed', link: 'connecting', nowMs: Date.now() });
    link.join(null).catch(() => {});
  }, [link]);
  const startAudio = useCallback(() => {
    resumeMeters();
    link.startAudio().catch(() => {});
  }, [link]);
  const record = useCallback((wanted: 'paused' | 'recording') => setRecording(sessionId, wanted), [sessionId]);
  const end = useCallback(() => endSession(sessionId), [sessionId]);

  return useMemo(
    () => ({ state, link, rejoin, startAudio, record, end }),
    [state, link, rejoin, startAudio, record, end],
  );
}

async function freshTicket({ sessionId, joinedAs }: StoredMeeting, signal: AbortSignal): Promise<RoomTicket> {
  const fresh =
    joinedAs === null ? await createToken(sessionId, signal) : await joinMeeting(sessionId, joinedAs, signal);
  return { url: fresh.livekit_url, token: fresh.livekit_token };
}
