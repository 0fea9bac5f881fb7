import type { Role, Utterance } from '@eloquence/shared/contracts/sessions';

/** A sentence that stays: `final` is the server's record, `sent` was typed here and is not in the record yet. */
export interface Line {
  readonly id: string;
  readonly role: Role;
  readonly speaker: string;
  readonly text: string;
  readonly status: 'final' | 'sent';
  /** ms since the session's start; `null` for a typed line, which keeps the place it was typed at. */
  readonly startMs: number | null;
}

/** Words still being spoken: replaced as a whole (a person's) or grown (the agent's), then superseded by a final. */
export interface Segment {
  readonly id: string;
  readonly role: Role;
  readonly text: string;
}

export interface Transcript {
  /** In spoken order. */
  readonly lines: readonly Line[];
  /** Live words, oldest first. */
  readonly segments: readonly Segment[];
  /** Ids of superseded segments, newest last: their late updates must not bring them back. */
  readonly closed: readonly string[];
  /** Words of the newest spoken final that came before its live words: those, late, must not show it twice. */
  readonly ahead: string | null;
}

/** Segment id of interims from the event stream, which carries none. Superseded, it may live again. */
export const EVENT_SEGMENT = 'event-stream';
/** Late updates come within seconds: a few ids are enough, and a long call stays small. */
const CLOSED_KEPT = 32;

export const emptyTranscript: Transcript = { lines: [], segments: [], closed: [], ahead: null };

/** Puts a final utterance in its place. The same utterance twice changes nothing. */
export function addFinal(transcript: Transcript, utterance: Omit<Utterance, 'words'>): Transcript {
  if (transcript.lines.some((line) => line.id === utterance.utterance_id)) return transcript;
  const final: Line = {
    id: utterance.utterance_id,
    role: utterance.role,
    speaker: utterance.speaker,
    text: utterance.text,
    status: 'final',
    startMs: utterance.start_ms,
  };
  const others = withoutTyped(transcript.lines, final);
  let place = others.length;
  while (place > 0 && isLater(others[place - 1], utterance.start_ms)) place -= 1;
  const lines = [...others.slice(0, place), final, ...others.slice(place)];
  const gone = supersededBy(final, transcript.segments);
  const closed = [...gone].filter((id) => id !== EVENT_SEGMENT);
  const spoken = final.role === 'user' && others === transcript.lines;
  return {
    lines,
    segments: transcript.segments.filter((segment) => !gone.has(segment.id)),
    closed: [...transcript.closed, ...closed].slice(-CLOSED_KEPT),
    ahead: final.role === 'user' ? (spoken && closed.length === 0 ? plain(final.text) : null) : transcript.ahead,
  };
}

function isLater(line: Line | undefined, startMs: number): boolean {
  return line?.startMs != null && line.startMs > startMs;
}

/** The record of a typed message replaces the line shown while it was on its way: the oldest with the same words. */
function withoutTyped(lines: readonly Line[], final: Line): readonly Line[] {
  if (final.role !== 'user') return lines;
  const words = plain(final.text);
  const index = lines.findIndex((line) => line.status === 'sent' && plain(line.text) === words);
  return index === -1 ? lines : lines.toSpliced(index, 1);
}

/** Segments a final replaces: those with its words, and those of the same speaker that came before them. */
function supersededBy(final: Line, segments: readonly Segment[]): ReadonlySet<string> {
  const own = segments.filter((segment) => segment.role === final.role);
  const words = plain(final.text);
  const last = own.findLastIndex((segment) => {
    const live = plain(segment.text);
    return live === '' || words.includes(live) || live.includes(words) || sharesStart(live, words);
  });
  return new Set(own.slice(0, last + 1).map((segment) => segment.id));
}

/** A recogniser corrects itself between interim and final; the first words mostly stay. */
function sharesStart(a: string, b: string): boolean {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  const half = shorter.slice(0, Math.max(4, Math.floor(shorter.length / 2)));
  return half.length >= 4 && longer.startsWith(half);
}

/** Words without case, accents, punctuation: what stays equal between the ways a sentence reaches us. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Shows live words. Interims of the event stream step back as soon as the room itself sends that role's words. */
export function putSegment(transcript: Transcript, segment: Segment): Transcript {
  if (transcript.closed.includes(segment.id)) return transcript;
  const fromRoom = (other: Segment) => other.role === segment.role && other.id !== EVENT_SEGMENT;
  if (segment.id === EVENT_SEGMENT && transcript.segments.some(fromRoom)) return transcript;
  if (segment.text.trim() === '') return dropSegment(transcript, segment.id);
  const others = transcript.segments.filter(
    (other) => segment.id === EVENT_SEGMENT || other.role !== segment.role || other.id !== EVENT_SEGMENT,
  );
  const index = others.findIndex((other) => other.id === segment.id);
  if (index === -1 && segment.role === 'user' && transcript.ahead?.startsWith(plain(segment.text))) return transcript;
  const segments = index === -1 ? [...others, segment] : others.with(index, segment);
  return { ...transcript, segments };
}

/** Takes live words away: nothing confirmed them. */
export function dropSegment(transcript: Transcript, id: string): Transcript {
  if (!transcript.segments.some((segment) => segment.id === id)) return transcript;
  return { ...transcript, segments: transcript.segments.filter((segment) => segment.id !== id) };
}

/** Shows a typed message at once, after everything said so far. */
export function addTyped(transcript: Transcript, id: string, text: string): Transcript {
  const line: Line = { id, role: 'user', speaker: '', text, status: 'sent', startMs: null };
  return { ...transcript, lines: [...transcript.lines, line] };
}

/** Takes back a typed message that did not leave. */
export function removeLine(transcript: Transcript, id: string): Transcript {
  return { ...transcript, lines: transcript.lines.filter((line) => line.id !== id) };
}
