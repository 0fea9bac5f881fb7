import { useEffect, useEffectEvent, useState } from 'react';
import { followEvents } from '../api/follow-events.ts';
import type { parseInterim } from '../api/schemas.ts';
import type { CallAction } from './call-state.ts';
import { RoomLink } from './room-link.ts';
import type { RoomTicket } from './room-link.ts';

interface SessionRoomOptions {
  readonly sessionId: string;
  /** `null` after a reload: a fresh token is asked for. */
  readonly ticket: RoomTicket | null;
  readonly freshTicket: (signal: AbortSignal) => Promise<RoomTicket>;
  /** Hears what happens in the room and in the record. It and `freshTicket` are taken from the first rendering. */
  readonly tell: (action: CallAction) => void;
  readonly onInterim: (interim: NonNullable<ReturnType<typeof parseInterim>>) => void;
}

/** The room of a session, entered and left with the screen, and its record, followed meanwhile. */
export function useSessionRoom(options: SessionRoomOptions): RoomLink {
  const { sessionId } = options;
  const [link] = useState(() => new RoomLink({ freshTicket: options.freshTicket, tell: options.tell }));
  const [firstTicket] = useState(options.ticket);
  const tell = useEffectEvent(options.tell);
  const onInterim = useEffectEvent(options.onInterim);

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
      onEvent: (event) => tell({ type: 'event.received', event }),
      onInterim: (interim) => onInterim(interim),
      onOver: (refusal) => {
        if (refusal === null || refusal.status === 404) tell({ type: 'session.gone' });
      },
    }).catch(() => {});
    return () => closing.abort();
  }, [sessionId]);

  return link;
}
