import { useCallback, useEffect, useEffectEvent, useMemo, useReducer, useRef, useState } from 'react';
import { createToken, endSession } from '../api/client.ts';
import { followEvents } from '../api/follow-events.ts';
import { resumeMeters } from '../audio/level-meter.ts';
import { callReducer, initialCall } from './call-state.ts';
import type { CallState } from './call-state.ts';
import { RoomLink } from './room-link.ts';
import type { RoomTicket } from './room-link.ts';

/** Live words nobody confirmed for this long were noise, or belong to an agent that died. */
const UNCONFIRMED_MS = 12_000;

interface CallOptions {
  readonly sessionId: string;
  /** `null` after a reload: a fresh token is asked for. */
  readonly ticket: RoomTicket | null;
}

export interface Call {
  readonly state: CallState;
  readonly link: RoomLink;
  /** Sends a written message; resolves to false when it did not leave. */
  readonly write: (text: string) => Promise<boolean>;
  readonly end: () => Promise<void>;
  readonly rejoin: () => void;
  readonly startAudio: () => void;
}

/** One call from joining to leaving: the room, the record, and what a person can do with them. */
export function useCall({ sessionId, ticket }: CallOptions): Call {
  const [state, dispatch] = useReducer(callReducer, initialCall);
  const [link] = useState(
    () => new RoomLink({ freshTicket: (signal) => freshTicket(sessionId, signal), tell: dispatch }),
  );
  const firstTicket = useRef(ticket);

  useEffect(() => {
    link.join(firstTicket.current).catch(() => {});
    return () => {
      link.close().catch(() => {});
    };
  }, [link]);

  useEffect(() => {
    const closing = new AbortController();
    followEvents({
      path: `/api/sessions/${sessionId}/events`,
      signal: closing.signal,
      onEvent: (event) => dispatch({ type: 'event.received', event }),
      onInterim: (interim) => dispatch({ type: 'interim.received', text: interim.text }),
      onOver: (refusal) => {
        if (refusal === null || refusal.status === 404) dispatch({ type: 'session.gone' });
      },
    }).catch(() => {});
    return () => closing.abort();
  }, [sessionId]);

  useExpiry(state, (id) => dispatch({ type: 'segment.expired', id }));

  const write = useCallback(
    async (text: string) => {
      const id = `typed-${Date.now()}-${Math.random()}`;
      dispatch({ type: 'message.typed', id, text });
      try {
        await link.write(text);
        return true;
      } catch {
        dispatch({ type: 'message.failed', id });
        return false;
      }
    },
    [link],
  );
  const end = useCallback(async () => {
    // Who hangs up wants silence at once, not when the server has closed the room.
    link.close().catch(() => {});
    await endSession(sessionId);
  }, [link, sessionId]);
  const rejoin = useCallback(() => {
    dispatch({ type: 'link.changed', link: 'connecting', nowMs: Date.now() });
    link.join(null).catch(() => {});
  }, [link]);
  const startAudio = useCallback(() => {
    resumeMeters();
    link.startAudio().catch(() => {});
  }, [link]);

  return useMemo(
    () => ({ state, link, write, end, rejoin, startAudio }),
    [state, link, write, end, rejoin, startAudio],
  );
}

async function freshTicket(sessionId: string, signal: AbortSignal): Promise<RoomTicket> {
  const fresh = await createToken(sessionId, signal);
  return { url: fresh.livekit_url, token: fresh.livekit_token };
}

/** Drops live words that stopped changing and were never confirmed. */
function useExpiry(state: CallState, expire: (id: string) => void): void {
  const onExpired = useEffectEvent(expire);
  const oldest = state.transcript.segments[0];
  useEffect(() => {
    if (oldest === undefined) return undefined;
    const timer = window.setTimeout(() => onExpired(oldest.id), UNCONFIRMED_MS);
    return () => window.clearTimeout(timer);
  }, [oldest]);
}
