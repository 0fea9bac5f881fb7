import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportSchema } from '@eloquence/shared/contracts/report';
import { expect, it } from 'vitest';
import { fakeServer, sendJson } from '../test-support/fake-server.ts';
import type { Context } from './context.ts';
import { rewriteReport } from './fetch-report.ts';

const id = 'ses_aaaaaaaaaaaaaaaaaaaa';
const at = '2026-11-21T20:00:00.000Z';

const reportFor = (name: string) =>
  reportSchema.parse({
    session_id: id,
    kind: 'draft',
    draft_reason: 'no_model',
    language: 'fr',
    title: 'Comité',
    started_at: at,
    ended_at: at,
    duration_ms: 1_000,
    speakers: [{ speaker: 'anna', name, talk_ms: 1_000, share: 1 }],
    coverage: { percent: 100, heard_ms: 1_000, gaps: [] },
    silent_sources: [],
    summary: [],
    decisions: [],
    actions: [],
    questions: [],
    chapters: [],
    quotes: [],
    retracted: [],
    unverified: [],
    holes: [],
    provenance: { chunks: [], synthesis: { kind: 'rules', rules_version: 'report-1' } },
    consent: null,
    transcript: null,
  });

it('the report in the folder gets the new name, as soon as the server has it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eloquence-renamed-'));
  let looks = 0;
  await using there = await fakeServer((request, response) => {
    if (!request.url.endsWith('/report')) {
      response.writeHead(200, { 'content-type': 'text/markdown', etag: '"r2-md"' }).end('# Anne');
      return;
    }
    looks += 1;
    const [revision, name] = looks === 1 ? [1, 'anna'] : [2, 'Anne'];
    sendJson(response, 200, { session_id: id, state: 'partial', revision, formats: ['md'], report: reportFor(name) });
  });
  const context = {
    api: there.api,
    settings: { output: { formats: ['md'] } },
    language: 'fr',
    signal: new AbortController().signal,
    say: (fr: string) => fr,
    log: () => undefined,
  } as unknown as Context;
  const names = new Map([['anna', 'Anne']]);
  expect(await rewriteReport(context, { sessionId: id, folder, names })).toEqual([join(folder, 'compte-rendu.md')]);
  expect(readdirSync(folder)).toEqual(['compte-rendu.md']);
  expect(readFileSync(join(folder, 'compte-rendu.md'), 'utf8')).toBe('# Anne');
  rmSync(folder, { recursive: true });
});
