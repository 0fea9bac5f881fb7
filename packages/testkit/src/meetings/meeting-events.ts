import type { SessionEventBody } from '@eloquence/shared/contracts/events';
import type { Span } from '@eloquence/shared/contracts/meeting';
import { SPAN_MS } from './heard-spans.ts';
import type { PlantedMeeting } from './planted-meeting.ts';

/** How long after the last word of an utterance its text is there, ms. */
const HEARD_MS = 1_200;
const SPANS_SAID_MS = 1_500;

interface Timed {
  /** ms since the meeting began. */
  readonly ms: number;
  readonly body: SessionEventBody;
}

/** What the agent and api-backend would have written into the event log, with its times, from `session.started` to `session.ended`. */
export function toEvents(meeting: PlantedMeeting): SessionEventBody[] {
  const at = (ms: number) => ({ at: new Date(meeting.startedAtMs + ms).toISOString() });
  const durationMs = meeting.endedAtMs - meeting.startedAtMs;
  const events: Timed[] = [{ ms: 0, body: { type: 'session.started', ...at(0) } }];
  for (const { identity, speaker, name } of meeting.participants)
    events.push({ ms: 0, body: { type: 'participant.joined', ...at(0), identity, kind: 'person', speaker, name } });
  for (const utterance of meeting.utterances) {
    const ms = Math.min(utterance.end_ms + HEARD_MS, durationMs);
    events.push({ ms, body: { type: 'utterance.final', ...at(ms), utterance } });
  }
  for (const [windowEnd, spans] of windows(meeting.spans, durationMs)) {
    const ms = Math.min(windowEnd + SPANS_SAID_MS, durationMs);
    events.push({ ms, body: { type: 'audio.transcribed', ...at(ms), spans } });
  }
  for (const gap of meeting.gaps) {
    const ms = gap.end_ms + HEARD_MS;
    events.push({ ms, body: { type: 'audio.missed', ...at(ms), gap } });
  }
  for (const { identity } of meeting.participants)
    events.push({ ms: durationMs, body: { type: 'participant.left', ...at(durationMs), identity } });
  events.push({ ms: durationMs, body: { type: 'session.ended', ...at(durationMs), reason: 'requested' } });
  return events.toSorted((one, other) => one.ms - other.ms).map(({ body }) => body);
}

/** Spans by the end of the window they were heard in. */
function windows(spans: readonly Span[], durationMs: number): Map<number, Span[]> {
  const list = new Map<number, Span[]>();
  for (const span of spans) {
    const end = Math.min(Math.ceil(span.end_ms / SPAN_MS) * SPAN_MS, durationMs);
    list.set(end, [...(list.get(end) ?? []), span]);
  }
  return list;
}
