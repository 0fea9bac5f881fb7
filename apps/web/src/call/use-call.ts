import { useCallback, useEffect, useEffectEvent, useMemo, useReducer } from 'react';
import { createToken, endSession } from '../api/client.ts';
import { callReducer, initialCall } from './call-state.ts';
import type { CallState } from './call-state.ts';
import type { RoomLink, RoomTicket } from './room-link.ts';
import { useSessionRoom } from './use-session-room.ts';

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
}

/** One call from joining to leaving: the room, the record, and what a person can do with them. */
export function useCall({ sessionId, ticket }: CallOptions): Call {
  const [state, dispatch] = useReducer(callReducer, initialCall);
  const link = useSessionRoom({
    sessionId,
    ticket,
    freshTicket: (signal) => freshTicket(sessionId, signal),
    tell: dispatch,
    onInterim: ({ text }) => dispatch({ type: 'interim.received', text }),
  });

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

  return useMemo(() => ({ state, link, write, end }), [state, link, write, end]);
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
