import { useEffect, useState } from 'react';

/** ms since epoch, refreshed every `everyMs` while `running`. */
export function useNow(everyMs: number, running = true): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return undefined;
    const timer = window.setInterval(() => setNowMs(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs, running]);
  return nowMs;
}

/** `75_000` as `1:15`. */
export function clock(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const minutes = Math.floor(seconds / 60);
  const shown = `${minutes % 60}:${String(seconds % 60).padStart(2, '0')}`;
  return minutes < 60 ? shown : `${Math.floor(minutes / 60)}:${shown.padStart(5, '0')}`;
}
