import { reportSchema } from '@eloquence/shared/contracts/report';
import { describe, expect, it } from 'vitest';
import { chunkOf, meetingOf, said, type Written } from '../test-support/notes.ts';
import { draftOf, draftReport, factsHash, renamed } from './draft.ts';

const at = (minutes: number) => minutes * 60_000;

const notes: Written[] = [
  { kind: 'topic', text: 'Budget du projet', startMs: at(1) },
  { kind: 'decision', text: 'Le budget est fixé à 12 000 euros', startMs: at(3) },
  { kind: 'action', text: 'Envoyer le devis', startMs: at(5), owner: { kind: 'speaker', speaker: 'anne' } },
];
const later: Written[] = [
  { kind: 'topic', text: 'Calendrier', startMs: at(12) },
  { kind: 'question', text: 'Qui anime la prochaine réunion ?', startMs: at(13) },
  { kind: 'highlight', text: 'Nous avons doublé les ventes', startMs: at(14) },
];

it('a draft is a complete report, made of the chunks alone', () => {
  const meeting = meetingOf({
    chunks: [chunkOf(0, notes), chunkOf(1, later, { status: 'hole' })],
    utterances: [said(at(1), 'Parlons du budget'), said(at(12), 'Et le calendrier ?', 'paul')],
    speakers: new Map([
      ['anne', 'Anne'],
      ['paul', 'Paul'],
      ['zoe', 'Zoé'],
    ]),
  });
  const { report } = draftReport(meeting);
  expect(() => reportSchema.parse(report)).not.toThrow();
  expect(report).toMatchObject({ kind: 'draft', draft_reason: 'being_written', duration_ms: at(30) });
  expect(report.decisions.map(({ text }) => text)).toEqual(['Le budget est fixé à 12 000 euros']);
  expect(report.actions).toHaveLength(1);
  expect(report.questions).toHaveLength(1);
  expect(report.summary.map(({ items }) => items)).toEqual([['c0-t1'], ['c0-d1'], ['c0-a1'], ['c1-t1'], ['c1-q1']]);
  expect(report.chapters.map(({ title, start_ms, end_ms }) => [title, start_ms, end_ms])).toEqual([
    ['Budget du projet', 0, at(12)],
    ['Calendrier', at(12), at(30)],
  ]);
  expect(report.holes).toEqual([{ start_ms: at(10), end_ms: at(20), by_rules: true }]);
  expect(report.speakers.map(({ speaker, talk_ms, share }) => [speaker, talk_ms, share])).toEqual([
    ['anne', 3_000, 0.5],
    ['paul', 3_000, 0.5],
    ['zoe', 0, 0],
  ]);
});

it('what no chunk covers comes from the tail, and never twice', () => {
  const meeting = meetingOf({ chunks: [chunkOf(0, notes)] });
  const { report } = draftReport(meeting, [chunkOf(0, later), chunkOf(1, later)]);
  expect(report.provenance.chunks.map(({ n }) => n)).toEqual([0, 1]);
  expect(report.questions.map(({ item_id: id }) => id)).toEqual(['c1-q1']);
});

it('a silent meeting has an honest, valid report', () => {
  const { report } = draftReport(meetingOf({ spans: [] }));
  expect(() => reportSchema.parse(report)).not.toThrow();
  expect(report).toMatchObject({ summary: [], chapters: [], decisions: [], transcript: [] });
});

const gap = (startMs: number, endMs: number, reason: 'paused' | 'stt_away' = 'stt_away') =>
  ({ speaker: null, start_ms: startMs, end_ms: endMs, reason }) as const;
const heard = (startMs: number, endMs: number) => ({ speaker: 'anne', start_ms: startMs, end_ms: endMs });

const coverage = (spans: ReturnType<typeof heard>[], ...gaps: ReturnType<typeof gap>[]) =>
  draftReport(meetingOf({ spans, gaps })).report;

describe('coverage', () => {
  it('is 100 only where nothing was missed', () => {
    expect(coverage([heard(0, at(30))]).coverage).toEqual({ percent: 100, heard_ms: at(30), gaps: [] });
    const almost = coverage([heard(0, at(30) - 1)], gap(at(30) - 1, at(30)));
    expect(almost.coverage.percent).toBe(99.9);
  });

  it('counts what is missing and nobody delivered; delivered sound fills the gap', () => {
    const parts = [heard(0, at(10)), heard(at(15), at(30))];
    const { percent, gaps } = coverage(parts, gap(at(10), at(15))).coverage;
    expect(percent).toBe(83.3);
    expect(gaps).toEqual([gap(at(10), at(15))]);
    expect(coverage([...parts, heard(at(10), at(15))], gap(at(10), at(15))).coverage).toMatchObject({
      percent: 100,
      gaps: [],
    });
  });

  it('lists pauses without counting them, and takes them off the duration; one still open ends with the meeting', () => {
    const report = coverage([heard(0, at(10))], gap(at(10), Number.MAX_SAFE_INTEGER, 'paused'));
    expect(report.coverage).toEqual({ percent: 100, heard_ms: at(10), gaps: [gap(at(10), at(30), 'paused')] });
    expect(report.duration_ms).toBe(at(10));
  });
});

describe('the hash of the facts', () => {
  const meeting = meetingOf({ chunks: [chunkOf(0, notes)] });

  it('does not change with names; the renamed report holds them', () => {
    const before = draftReport(meeting);
    const speakers = new Map([['anne', 'Anne-Marie']]);
    const after = draftReport({ ...meeting, speakers });
    expect(factsHash(after)).toBe(factsHash(before));
    expect(renamed(before.report, speakers)).toEqual(after.report);
    expect(after.report.speakers[0]?.name).toBe('Anne-Marie');
  });

  it('changes with what was said and with what was noted', () => {
    const hash = factsHash(draftReport(meeting));
    expect(factsHash(draftReport({ ...meeting, utterances: [said(at(2), 'encore')] }))).not.toBe(hash);
    expect(factsHash(draftReport({ ...meeting, chunks: [chunkOf(0, later)] }))).not.toBe(hash);
  });
});

it('a chunk that code fails on is a hole noted by nobody, told once; the others stay as they are', () => {
  const broken = chunkOf(1, later);
  const items = broken.items.map((item) => ({ ...item, text: 7 as unknown as string }));
  const faults: unknown[] = [];
  const meeting = meetingOf({ chunks: [chunkOf(0, notes), { ...broken, items }] });
  const { report } = draftOf(meeting, { onFault: (error) => faults.push(error) });
  expect(() => reportSchema.parse(report)).not.toThrow();
  expect(report.decisions.map(({ text }) => text)).toEqual(['Le budget est fixé à 12 000 euros']);
  expect(report.holes).toEqual([{ start_ms: at(10), end_ms: at(20), by_rules: false }]);
  expect(report.provenance.chunks.map(({ writer }) => writer.kind)).toEqual(['model', 'nobody']);
  expect(faults).toHaveLength(1);
  expect(() => draftReport(meeting)).toThrow(TypeError);
});
