import type { Meeting } from './meeting.ts';

/** Now on a meeting's own clock, ms since its start; 0 before it. */
export function meetingClock({ startedAtMs }: Pick<Meeting, 'startedAtMs'>, nowMs: number = Date.now()): number {
  return startedAtMs === null ? 0 : Math.max(0, nowMs - startedAtMs);
}
