import type { Gap } from '@eloquence/shared/contracts/meeting';
import type { Report } from '@eloquence/shared/contracts/report';
import {
  clipIntervals,
  intervalsBySpeaker,
  openGaps,
  subtractIntervals,
  totalMs,
} from '@eloquence/shared/runtime/spans';
import type { Meeting } from '../meetings/meeting.ts';

/**
 * How much of what should have been heard was heard. Pauses are listed and do not count; 100 is only said where nothing was
 * missed. A gap of everybody counts once for each who was heard in the meeting, once where nobody was.
 *
 * @param untilMs end of the meeting on its own clock
 */
export function coverageOf({ spans, gaps }: Pick<Meeting, 'spans' | 'gaps'>, untilMs: number): Report['coverage'] {
  const whole = { start_ms: 0, end_ms: untilMs };
  const open = openGaps(gaps, spans).flatMap(({ speaker, reason, ...interval }): Gap[] =>
    clipIntervals([interval], whole).map((part) => ({ speaker, ...part, reason })),
  );
  const heard = intervalsBySpeaker(spans);
  const heardMs = [...heard.values()].reduce((sum, of) => sum + totalMs(clipIntervals(of, whole)), 0);
  const paused = open.filter(({ reason }) => reason === 'paused');
  const missedMs = open
    .filter(({ reason }) => reason !== 'paused')
    .reduce((sum, gap) => {
      const pauses = paused.filter(({ speaker }) => speaker === null || speaker === gap.speaker);
      return sum + totalMs(subtractIntervals([gap], pauses)) * (gap.speaker === null ? Math.max(1, heard.size) : 1);
    }, 0);
  return { percent: percentOf(heardMs, missedMs), heard_ms: heardMs, gaps: open };
}

function percentOf(heardMs: number, missedMs: number): number {
  if (missedMs === 0) return 100;
  return Math.min(99.9, Math.round((heardMs / (heardMs + missedMs)) * 1000) / 10);
}
