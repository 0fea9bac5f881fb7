import type { SessionEvent } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Gap } from '@eloquence/shared/contracts/meeting';
import type { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Interval } from '@eloquence/shared/runtime/spans';

/** A predecessor said what it had transcribed at least so often while somebody was heard, ms. */
const CLAIMED_EVERY_MS = 15_000;
/** A scribe writes of what was just said; who delivers kept sound writes of what was said long ago. */
const LIVE_MS = 30_000;
const PAGE = 1_000;

/** What a scribe has to know of what was before it. All of it is about the time since the meeting began or was taken up again. */
export interface Past {
  /** Number of the last event read. */
  readonly lastSeq: number;
  /** When the meeting was last taken up again, ms since epoch; undefined: never. */
  readonly resumedMs: number | undefined;
  /** A scribe was here before. */
  readonly hadScribe: boolean;
  /** When a scribe last gave a sign of life, ms since epoch. */
  readonly lastSignMs: number;
  /** Who is in the room according to the log: identity -> speaker. */
  readonly present: ReadonlyMap<string, string>;
  /** Speakers of whom the log has a name. */
  readonly named: ReadonlySet<string>;
  /** Until when each speaker was transcribed, ms of the session. */
  readonly heardTo: ReadonlyMap<string, number>;
  /** Text whose span was not said before the predecessor died. */
  readonly unclaimed: readonly (Interval & { readonly speaker: string })[];
  /** Gaps the predecessor has told, of reason `paused`: their begin. */
  readonly toldPauses: ReadonlySet<number>;
}

interface Draft {
  resumedMs: number | undefined;
  hadScribe: boolean;
  lastSignMs: number;
  readonly present: Map<string, string>;
  readonly named: Set<string>;
  readonly claimedTo: Map<string, number>;
  readonly texts: (Interval & { readonly speaker: string })[];
  readonly toldPauses: Set<number>;
}

const emptyDraft = (resumedMs?: number): Draft => ({
  resumedMs,
  hadScribe: false,
  lastSignMs: resumedMs ?? 0,
  present: new Map(),
  named: new Set(),
  claimedTo: new Map(),
  texts: [],
  toldPauses: new Set(),
});

/** Every event of a session still in Redis; events of before a meeting was taken up again may be gone, and do not matter. */
export async function readEvents(
  log: Pick<EventLog, 'read'>,
  sessionId: SessionId,
  afterSeq = 0,
): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for (let after = afterSeq; ;) {
    const page = await log.read(sessionId, after, PAGE);
    events.push(...page);
    // Entries that are no events are left out, so that only an empty page is the end.
    const last = page.at(-1);
    if (!last) return events;
    after = last.seq;
  }
}

/**
 * What the events say of the time before this scribe.
 *
 * @param startedMs what times of the session count from, ms since epoch
 */
export function pastOf(events: readonly SessionEvent[], startedMs: number): Past {
  let draft = emptyDraft();
  for (const event of events) {
    if (event.type === 'session.resumed') draft = emptyDraft(Date.parse(event.at));
    else {
      if (isSign(event, startedMs)) draft.lastSignMs = Math.max(draft.lastSignMs, Date.parse(event.at));
      note(draft, event);
    }
  }
  const { claimedTo, texts, ...rest } = draft;
  const unclaimed = texts.filter(({ speaker, end_ms }) => end_ms > (claimedTo.get(speaker) ?? 0));
  const heardTo = new Map(claimedTo);
  for (const { speaker, end_ms } of texts) heardTo.set(speaker, Math.max(end_ms, heardTo.get(speaker) ?? 0));
  return { ...rest, heardTo, unclaimed, lastSeq: events.at(-1)?.seq ?? 0 };
}

/** Whether a scribe wrote this; or api-backend, of its death. */
function isSign(event: SessionEvent, startedMs: number): boolean {
  const isLive = (endMs: number) => Date.parse(event.at) - startedMs - endMs < LIVE_MS;
  switch (event.type) {
    case 'participant.joined':
    case 'participant.left':
      return true;
    case 'audio.transcribed':
      return event.spans.some(({ end_ms }) => isLive(end_ms));
    case 'utterance.final':
      return isLive(event.utterance.end_ms);
    default:
      return false;
  }
}

function note(draft: Draft, event: SessionEvent): void {
  switch (event.type) {
    case 'participant.joined':
      if (event.kind === 'agent') draft.hadScribe = true;
      else if (event.speaker !== undefined) {
        // One participant may be several speakers, and is the first of them.
        if (!draft.present.has(event.identity)) draft.present.set(event.identity, event.speaker);
        draft.named.add(event.speaker);
      }
      return;
    case 'participant.left':
      draft.present.delete(event.identity);
      return;
    case 'audio.transcribed':
      for (const { speaker, end_ms } of event.spans)
        draft.claimedTo.set(speaker, Math.max(end_ms, draft.claimedTo.get(speaker) ?? 0));
      return;
    case 'utterance.final': {
      const { speaker, start_ms, end_ms } = event.utterance;
      draft.texts.push({ speaker, start_ms, end_ms });
      // Only the newest can be without their span.
      if (draft.texts.length > 200) draft.texts.shift();
      return;
    }
    case 'audio.missed':
      if (event.gap.reason === 'paused') draft.toldPauses.add(event.gap.start_ms);
      return;
    default:
  }
}

/**
 * What of a speaker nobody heard between the scribe before and this one; undefined when nothing can have been missed.
 *
 * @param firstHeardMs first sound of the speaker that this scribe took, ms of the session
 * @param lastSignMs when the predecessor last gave a sign of life, ms of the session
 */
export function missedBetween(
  speaker: string,
  past: Pick<Past, 'heardTo'>,
  { firstHeardMs, lastSignMs }: { readonly firstHeardMs: number; readonly lastSignMs: number },
): Gap | undefined {
  const heardTo = past.heardTo.get(speaker) ?? 0;
  // Somebody who was silent or muted for long was not unheard for all of that time.
  const start_ms = lastSignMs - heardTo > CLAIMED_EVERY_MS ? lastSignMs : heardTo;
  return start_ms < firstHeardMs ? { speaker, start_ms, end_ms: firstHeardMs, reason: 'scribe_away' } : undefined;
}
