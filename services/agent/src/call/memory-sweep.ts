import type { voice } from '@livekit/agents';

/** agents-js keeps every audio frame until the turn is cleared, about 4 MB a minute. */
const SWEEP_EVERY_MS = 120_000;
/** Clearing a turn opens a new transcription stream; what was said this recently might still be on its way. */
const QUIET_MS = 4_000;
const LOOK_EVERY_MS = 1_000;

/** What decides whether now is a good moment. */
export interface SweepMoment {
  readonly nowMs: number;
  readonly lastSweepMs: number;
  /** When somebody last spoke, or was thinking. */
  readonly lastActivityMs: number;
}

/** Whether to clear the turn now: long enough since the last time, and nobody has said anything for a while. */
export function shouldSweep({ nowMs, lastSweepMs, lastActivityMs }: SweepMoment): boolean {
  return nowMs - lastSweepMs >= SWEEP_EVERY_MS && nowMs - lastActivityMs >= QUIET_MS;
}

/** Frees the session's audio in idle moments. @returns a function that stops it */
export function sweepMemory(session: voice.AgentSession): () => void {
  let lastSweepMs = Date.now();
  let lastActivityMs = Date.now();
  const timer = setInterval(() => {
    const nowMs = Date.now();
    if (session.agentState !== 'listening' || session.userState === 'speaking') lastActivityMs = nowMs;
    if (!shouldSweep({ nowMs, lastSweepMs, lastActivityMs })) return;
    lastSweepMs = nowMs;
    session.clearUserTurn();
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
