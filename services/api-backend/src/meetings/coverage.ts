import type { SessionEvent } from '@eloquence/shared/contracts/events';
import type { Gap, Span } from '@eloquence/shared/contracts/meeting';
import type { Coverage } from '@eloquence/shared/contracts/meeting-api';
import { mergeSpans, openGaps, type Interval } from '@eloquence/shared/runtime/spans';

/** Types of events that {@link soundOf} is made of, besides `audio.transcribed`. */
export const SOUND_FACTS = [
  'session.ended',
  'session.resumed',
  'recording.paused',
  'recording.continued',
  'audio.missed',
] as const;

/** Whether sound is wanted, and since when on the session's clock, ms. */
export interface RecordingState {
  readonly state: 'paused' | 'recording';
  readonly at_ms: number;
}

/** What a meeting's events say of its sound. */
export interface Sound extends Pick<Coverage, 'spans' | 'gaps'> {
  readonly recording: RecordingState;
  /** When somebody had paused the recording. Not between two parts of a meeting: sound of then may still be delivered. */
  readonly pauses: readonly Interval[];
}

export interface Clock {
  /** ms since epoch; null before the meeting started. */
  readonly startedAtMs: number | null;
  /** ms since epoch. */
  readonly nowMs: number;
}

/**
 * What was heard and what was not, out of the events of a meeting in order. A pause ends with the part of the meeting it was in:
 * who takes a meeting up again wants to be heard.
 *
 * @param known spans of events that are not among these
 */
export function soundOf(events: readonly SessionEvent[], clock: Clock, known: readonly Span[] = []): Sound {
  const fresh = events.flatMap((event) => (event.type === 'audio.transcribed' ? event.spans : []));
  const spans = mergeSpans([...known, ...fresh]);
  const missed = events.flatMap((event) => (event.type === 'audio.missed' ? [event.gap] : []));
  const { recording, pauses, breaks } = pausesOf(events, clock);
  const paused = [...pauses, ...breaks].map((pause): Gap => ({ speaker: null, ...pause, reason: 'paused' }));
  return { spans, gaps: openGaps([...missed, ...paused], spans), recording, pauses };
}

/** Where an instant lies on the session's clock, ms; 0 for what was before its start. */
export function toSessionMs(atMs: number, { startedAtMs }: Clock): number {
  return startedAtMs === null ? 0 : Math.max(0, Math.round(atMs - startedAtMs));
}

function pausesOf(events: readonly SessionEvent[], clock: Clock) {
  const pauses: Interval[] = [];
  const breaks: Interval[] = [];
  let recording: RecordingState = { state: 'recording', at_ms: 0 };
  let endedMs: number | undefined;
  const proceed = (at_ms: number): void => {
    if (recording.state === 'paused')
      pauses.push({ start_ms: recording.at_ms, end_ms: Math.max(recording.at_ms, at_ms) });
    recording = { state: 'recording', at_ms };
  };
  for (const event of events) {
    const atMs = toSessionMs(Date.parse(event.at), clock);
    if (event.type === 'recording.paused' && recording.state === 'recording') {
      recording = { state: 'paused', at_ms: event.at_ms };
    } else if (event.type === 'recording.continued' && recording.state === 'paused') proceed(event.at_ms);
    else if (event.type === 'session.ended') {
      endedMs ??= atMs;
      if (recording.state === 'paused') proceed(atMs);
    } else if (event.type === 'session.resumed' && endedMs !== undefined) {
      breaks.push({ start_ms: endedMs, end_ms: atMs });
      endedMs = undefined;
    }
  }
  if (recording.state === 'paused') {
    const untilMs = Math.max(recording.at_ms, toSessionMs(clock.nowMs, clock));
    pauses.push({ start_ms: recording.at_ms, end_ms: untilMs });
  }
  return { recording, pauses, breaks };
}
