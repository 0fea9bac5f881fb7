import type { Report, ReportItem } from '@eloquence/shared/contracts/report';

export type Chapter = Report['chapters'][number];

/** A chapter before it is known where it ends. */
export interface Heading {
  readonly title: string;
  /** Ids of items it is about; the earliest says where it begins. */
  readonly items: readonly string[];
}

/** More chapters than that help nobody to find anything. */
const MAX_CHAPTERS = 24;
/** What comes sooner after a chapter's beginning belongs to it. */
const MIN_CHAPTER_MS = 120_000;

/**
 * Chapters out of headings: in order of time, each ending where the next begins, with everything that was said in it. Headings too close to
 * the one before join it.
 *
 * @param untilMs end of the meeting on its own clock
 */
export function chaptersOf(headings: readonly Heading[], items: readonly ReportItem[], untilMs: number): Chapter[] {
  const startOf = new Map(items.map((item) => [item.item_id, item.start_ms]));
  const starts = headings
    .map(({ title, items: of }) => ({ title, startMs: Math.min(...of.map((id) => startOf.get(id) ?? Infinity)) }))
    .filter(({ startMs }) => Number.isFinite(startMs))
    .toSorted((a, b) => a.startMs - b.startMs || (a.title < b.title ? -1 : 1));
  const shortestMs = Math.max(MIN_CHAPTER_MS, untilMs / MAX_CHAPTERS);
  const kept: { title: string; startMs: number }[] = [];
  for (const heading of starts) {
    const last = kept.at(-1);
    if (!last || heading.startMs - last.startMs >= Math.min(shortestMs, untilMs / 4)) kept.push(heading);
  }
  return kept.map(({ title, startMs }, at) => {
    const start = at === 0 ? 0 : startMs;
    const end = Math.max(start, kept[at + 1]?.startMs ?? untilMs);
    const inside = items.filter(({ start_ms: ms }) => ms >= start && (ms < end || at === kept.length - 1));
    return { title, start_ms: start, end_ms: end, items: inside.map(({ item_id }) => item_id) };
  });
}

/** Headings without a model: what chunks say was talked about. */
export function topicHeadings(items: readonly ReportItem[]): Heading[] {
  return items.flatMap((item) => (item.kind === 'topic' ? [{ title: item.text, items: [item.item_id] }] : []));
}
