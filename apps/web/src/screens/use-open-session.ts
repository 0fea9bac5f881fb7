import { useCallback, useEffect, useRef, useState } from 'react';
import type { CreateSessionResponse } from '@eloquence/shared/contracts/sessions';
import { createSession } from '../api/client.ts';
import type { SessionWish } from '../api/client.ts';
import { problemOfError } from '../problem.ts';
import type { Problem } from '../problem.ts';

/** Opening a line. `waiting`: the server is full and is asked again at `retryAtMs` (epoch). */
export type Opening =
  | { readonly status: 'idle' }
  | { readonly status: 'opening' }
  | { readonly status: 'waiting'; readonly problem: Problem; readonly retryAtMs: number }
  | { readonly status: 'failed'; readonly problem: Problem };

interface OpenSession {
  readonly opening: Opening;
  /** Opens one session, however often the server has to be asked. */
  readonly open: (wish: SessionWish, onOpened: (session: CreateSessionResponse) => void) => void;
}

/** One tap, one session: retries carry the same idempotency key, and leaving the screen stops them. */
export function useOpenSession(): OpenSession {
  const [opening, setOpening] = useState<Opening>({ status: 'idle' });
  const leaving = useRef<AbortController | null>(null);
  const retry = useRef<{ readonly run: () => void } | null>(null);

  useEffect(() => () => leaving.current?.abort(), []);
  useEffect(() => {
    if (opening.status !== 'waiting') return undefined;
    const timer = window.setTimeout(() => retry.current?.run(), Math.max(0, opening.retryAtMs - Date.now()));
    return () => window.clearTimeout(timer);
  }, [opening]);

  const open = useCallback((wish: SessionWish, onOpened: (session: CreateSessionResponse) => void) => {
    leaving.current?.abort();
    const mine = new AbortController();
    leaving.current = mine;
    const key = `web-${Date.now()}-${Math.random().toString(36).slice(2)}`;
    const attempt = async () => {
      setOpening({ status: 'opening' });
      try {
        const session = await createSession(wish, key, mine.signal);
        if (!mine.signal.aborted) onOpened(session);
      } catch (error) {
        if (mine.signal.aborted) return;
        const problem = problemOfError(error);
        setOpening(
          problem.retryInS === null
            ? { status: 'failed', problem }
            : { status: 'waiting', problem, retryAtMs: Date.now() + problem.retryInS * 1000 },
        );
      }
    };
    const run = () => {
      attempt().catch(() => {});
    };
    retry.current = { run };
    run();
  }, []);

  return { opening, open };
}
