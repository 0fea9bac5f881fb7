import type { Chunk, Summaries } from '@eloquence/shared/contracts/meeting';
import type { DigestResponse } from '@eloquence/shared/contracts/meeting-api';
import { reportFormats, reportFormatSchema } from '@eloquence/shared/contracts/report';
import type { ReportStatus } from '@eloquence/shared/contracts/report';
import type * as z from 'zod';
import { expect, it } from 'vitest';
import { digestResponseSchema } from '@eloquence/shared/contracts/meeting-api';
import { summariesSchema as summariesContract } from '@eloquence/shared/contracts/meeting';
import { reportStatusSchema as reportContract } from '@eloquence/shared/contracts/report';
import { digestSchema, reportStatusSchema, summariesSchema } from './meeting-schemas.ts';
import type { ShownDigest, ShownReportStatus, ShownSummaries } from './meeting-schemas.ts';

const evidence = {
  utterance_id: 'utt_aaaaaaaaaaaaaaaa',
  speaker: 'marc',
  start_ms: 0,
  end_ms: 900,
  quote: 'Je le fais.',
};
const action = {
  kind: 'action' as const,
  item_id: 'c0-a1',
  text: 'Le faire',
  evidence: [evidence],
  owner: { kind: 'speaker' as const, speaker: 'marc' },
  due: { text: 'demain', date: '2026-01-20' },
};
const line = {
  utterance_id: evidence.utterance_id,
  speaker: 'marc',
  role: 'user' as const,
  text: 'Je le fais.',
  start_ms: 0,
  end_ms: 900,
};
const writer = { kind: 'rules' as const, rules_version: '1' };

/** Whatever the contract lets through, this page can read, with nothing it shows lost. */
function readsAs<Contract, Shown>(
  contract: z.ZodType<Contract>,
  shown: { parse(value: unknown): Shown },
  value: Contract,
) {
  expect(contract.safeParse(value).success).toBe(true);
  const read = shown.parse(value);
  expect(value).toMatchObject(read as object);
  return read;
}

it('reads mini-summaries as they are written', () => {
  const chunk: Chunk = {
    session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
    n: 0,
    revision: 1,
    start_ms: 0,
    end_ms: 600_000,
    status: 'hole',
    input_hash: 'x',
    writer,
    items: [
      action,
      { kind: 'retraction', item_id: 'c0-r1', text: 'Non', evidence: [evidence], takes_back: null, settles: false },
    ],
    unverified: [],
    glossary: [],
  };
  const summaries: Summaries = {
    session_id: chunk.session_id,
    language: 'fr',
    speakers: [{ speaker: 'marc', name: 'Marc' }],
    chunks: [chunk],
  };
  const read: ShownSummaries = readsAs(summariesContract, summariesSchema, summaries);
  expect(read.chunks[0]?.items[0]?.owner).toEqual(action.owner);
});

it('reads a report, with and without its transcript', () => {
  const item = { ...action, merged_from: ['c0-a1'], start_ms: 0 };
  const status: ReportStatus = {
    session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
    state: 'partial',
    revision: 2,
    formats: reportFormatSchema.options,
    failed_formats: [],
    report: {
      session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
      kind: 'draft',
      draft_reason: 'no_model',
      language: 'fr',
      title: 'Réunion',
      started_at: '2026-01-19T14:30:00.000Z',
      ended_at: '2026-01-19T15:30:00.000Z',
      time_zone: 'Europe/Paris',
      duration_ms: 3_600_000,
      speakers: [{ speaker: 'marc', name: 'Marc', talk_ms: 900, share: 1 }],
      coverage: { percent: 99.5, heard_ms: 900, gaps: [] },
      silent_sources: [{ speaker: 'marc.them', start_ms: 0, end_ms: null }],
      summary: [{ text: 'Résumé', items: ['c0-a1'] }],
      decisions: [],
      actions: [item],
      questions: [],
      retracted: [],
      chapters: [{ title: 'Un', start_ms: 0, end_ms: 900, items: [] }],
      quotes: [evidence],
      unverified: [{ kind: 'action', text: 'Autre', refusal: 'no_quote', start_ms: null }],
      holes: [{ start_ms: 0, end_ms: 1, by_rules: true }],
      provenance: { chunks: [], synthesis: writer },
      consent: null,
      transcript: [line],
    },
  };
  const read: ShownReportStatus = readsAs(reportContract, reportStatusSchema, status);
  expect(read.formats).toEqual(Object.keys(reportFormats));
  const bare = { ...status, report: status.report && { ...status.report, transcript: null } };
  expect(readsAs(reportContract, reportStatusSchema, bare).report?.transcript).toBeNull();
});

it('reads a digest', () => {
  const digest: DigestResponse = {
    since_ms: 0,
    until_ms: 60_000,
    lines: [{ text: 'Marc le fait.', evidence: [evidence] }],
    items: [action],
    written_by_model: true,
  };
  const read: ShownDigest = readsAs(digestResponseSchema, digestSchema, digest);
  expect(read.lines).toHaveLength(1);
});
