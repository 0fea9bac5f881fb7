import { useEffect, useEffectEvent, useState } from 'react';
import type { EndReason } from '@eloquence/shared/contracts/sessions';
import type { OpenedCall } from '../screens/preflight-screen.tsx';
import type { Line } from './transcript.ts';
import type { Call } from './use-call.ts';

/** How a call ended, and what this tab has seen of it. */
export interface EndedCall {
  readonly sessionId: string;
  readonly scenarioId: string;
  readonly reason: EndReason | null;
  readonly durationMs: number;
  readonly lines: readonly Line[];
  /** The person wants to call again at once: the assistant never came. */
  readonly again: boolean;
}

interface HangUpOptions {
  readonly opened: OpenedCall;
  readonly call: Call;
  readonly onEnded: (ended: EndedCall) => void;
}

/** Leaves the call exactly once, whether the person hangs up or the session ends by itself. */
export function useHangUp({ opened, call, onEnded }: HangUpOptions): {
  readonly ending: boolean;
  readonly hangUp: (again: boolean) => void;
} {
  const [ending, setEnding] = useState(false);
  const finish = useEffectEvent((reason: EndReason | null, again: boolean) =>
    onEnded({
      sessionId: opened.sessionId,
      scenarioId: opened.scenarioId,
      reason,
      durationMs: Date.now() - opened.startedAtMs,
      lines: call.state.transcript.lines,
      again,
    }),
  );
  const [leaving, setLeaving] = useState<{ readonly reason: EndReason | null; readonly again: boolean } | null>(null);
  const ended = call.state.ended;
  useEffect(() => {
    if (leaving !== null) finish(leaving.reason, leaving.again);
    else if (ended !== null) finish(ended.reason, false);
  }, [leaving, ended]);

  const hangUp = (again: boolean) => {
    setEnding(true);
    // An unreachable server ends the session by itself once the room is empty.
    call.end().then(
      () => setLeaving({ reason: 'requested', again }),
      () => setLeaving({ reason: null, again }),
    );
  };
  return { ending, hangUp };
}
