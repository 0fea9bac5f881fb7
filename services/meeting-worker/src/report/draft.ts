import type { Chunk, Evidence, Writer } from '@eloquence/shared/contracts/meeting';
import type { Report, ReportItem } from '@eloquence/shared/contracts/report';
import { totalMs } from '@eloquence/shared/runtime/spans';
import { createHash } from 'node:crypto';
import { NO_NOTES } from '../chunks/notes.ts';
import type { Meeting } from '../meetings/meeting.ts';
import { chaptersOf, topicHeadings } from './chapters.ts';
import { coverageOf } from './coverage.ts';
import { mergeItems } from './merge-items.ts';
import { talkOf } from './talk.ts';

const CODE_WRITER: Writer = { kind: 'rules', rules_version: 'report-1' };

/** A report by code alone, with the items it was made of. */
export interface Draft {
  readonly report: Report;
  /** In order of when they were first said. */
  readonly items: readonly ReportItem[];
  /** Where the meeting's clock stopped; the report's duration leaves pauses out. */
  readonly untilMs: number;
}

const MAX_LINES = 5;
const MAX_QUOTES = 8;
/** A meeting of so long gets one quote. */
const QUOTE_EVERY_MS = 300_000;

export interface DraftOptions {
  /** Items of what no chunk covers yet, as chunks of their own. */
  readonly tail?: readonly Chunk[];
  readonly onFault: (error: unknown) => void;
}

/** The {@link draftReport} of what can be reported: chunks that code fails on are holes in it. */
export function draftOf(meeting: Meeting, { tail = [], onFault }: DraftOptions): Draft {
  try {
    return draftReport(meeting, tail);
  } catch (error) {
    onFault(error);
  }
  const canBeReported = (chunk: Chunk): boolean => {
    try {
      draftReport({ ...meeting, chunks: [chunk] });
      return true;
    } catch {
      return false;
    }
  };
  const sound = (chunks: readonly Chunk[]) => chunks.map((one) => (canBeReported(one) ? one : { ...one, ...NO_NOTES }));
  return draftReport({ ...meeting, chunks: sound(meeting.chunks) }, sound(tail));
}

/**
 * The complete report of a meeting that is over, without any model: summary lines are decisions and tasks as they are, chapters are topics.
 * The same meeting gives the same draft.
 *
 * @param tail items of what no chunk covers yet, as chunks of their own
 */
export function draftReport(meeting: Meeting, tail: readonly Chunk[] = []): Draft {
  const covered = new Set(meeting.chunks.map(({ n }) => n));
  const chunks = [...meeting.chunks, ...tail.filter(({ n }) => !covered.has(n))].toSorted((a, b) => a.n - b.n);
  const { items, retracted, unattached } = mergeItems(chunks, meeting.language);
  const endedAtMs = endOf(meeting);
  const startedAtMs = meeting.startedAtMs ?? endedAtMs;
  const untilMs = Math.max(0, endedAtMs - startedAtMs, ...meeting.utterances.map(({ end_ms }) => end_ms));
  const coverage = coverageOf(meeting, untilMs);
  const of = (kind: ReportItem['kind']) => items.filter((item) => item.kind === kind);
  const report: Report = {
    session_id: meeting.sessionId,
    kind: 'draft',
    draft_reason: 'being_written',
    language: meeting.language,
    title: meeting.title,
    started_at: new Date(startedAtMs).toISOString(),
    ended_at: new Date(endedAtMs).toISOString(),
    time_zone: meeting.options.time_zone,
    duration_ms: untilMs - totalMs(coverage.gaps.filter(({ reason }) => reason === 'paused')),
    speakers: talkOf(meeting),
    coverage,
    silent_sources: [...meeting.silentSources].toSorted(
      (a, b) => a.start_ms - b.start_ms || (a.speaker < b.speaker ? -1 : 1),
    ),
    summary: codeLines(items),
    decisions: of('decision'),
    actions: of('action'),
    questions: of('question'),
    retracted: [...retracted],
    chapters: chaptersOf(topicHeadings(items), items, untilMs),
    quotes: quotesOf(items, unattached, untilMs),
    unverified: chunks.flatMap(({ unverified }) => unverified),
    holes: chunks.flatMap(({ status, start_ms, end_ms, writer }) => {
      const hole = {
        start_ms,
        end_ms: Math.min(end_ms, Math.max(start_ms, untilMs)),
        by_rules: writer.kind !== 'nobody',
      };
      return status === 'hole' ? [hole] : [];
    }),
    provenance: {
      chunks: chunks.map(({ n, input_hash, writer }) => ({ n, input_hash, writer })),
      synthesis: CODE_WRITER,
    },
    consent: meeting.consent,
    transcript: meeting.options.include_full_transcript ? [...meeting.utterances] : null,
  };
  return { report, items, untilMs };
}

/** When a meeting that is over ended, ms since epoch, as its report says it. */
export function endOf({ startedAtMs, endedAtMs }: Pick<Meeting, 'startedAtMs' | 'endedAtMs'>): number {
  return Math.max(endedAtMs ?? 0, startedAtMs ?? 0);
}

/** What matters most, said as it stands: decisions, tasks, open questions, then what was talked about. */
function codeLines(items: readonly ReportItem[]): Report['summary'] {
  const rank = ['decision', 'action', 'question', 'topic', 'highlight'];
  const first = items
    .toSorted((a, b) => rank.indexOf(a.kind) - rank.indexOf(b.kind) || a.start_ms - b.start_ms)
    .slice(0, MAX_LINES);
  return first.toSorted((a, b) => a.start_ms - b.start_ms).map((item) => ({ text: item.text, items: [item.item_id] }));
}

/** Highlights spread over the meeting, longer meetings giving more of them; then words that take back what nobody can tell. */
function quotesOf(items: readonly ReportItem[], unattached: readonly Evidence[], untilMs: number): Evidence[] {
  const highlights = items.flatMap((item) => (item.kind === 'highlight' ? (item.evidence[0] ?? []) : []));
  const wanted = Math.min(MAX_QUOTES, Math.max(2, Math.ceil(untilMs / QUOTE_EVERY_MS)), highlights.length);
  const spread = Array.from({ length: wanted }, (_, at) => highlights[Math.floor((at * highlights.length) / wanted)]);
  return [...spread.flatMap((one) => one ?? []), ...unattached].toSorted((a, b) => a.start_ms - b.start_ms);
}

/** Of everything in a report but names and by whom it was worded: the same facts give the same hash. */
export function factsHash({ report }: Draft): string {
  const { kind: _kind, draft_reason: _reason, speakers, ...facts } = report;
  const unnamed = speakers.map(({ name: _name, ...rest }) => rest);
  return createHash('sha256')
    .update(JSON.stringify({ ...facts, speakers: unnamed }))
    .digest('hex')
    .slice(0, 32);
}

/** The report under names as they are now. */
export function renamed(report: Report, speakers: Meeting['speakers']): Report {
  return {
    ...report,
    speakers: report.speakers.map((one) => ({ ...one, name: speakers.get(one.speaker) ?? one.name })),
  };
}
