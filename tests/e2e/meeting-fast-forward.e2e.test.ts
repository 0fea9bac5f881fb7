import { summariesSchema } from '@eloquence/shared/contracts/meeting';
import { reportFormats, reportStatusSchema, type ReportFormat } from '@eloquence/shared/contracts/report';
import { EventLog } from '@eloquence/shared/runtime/event-log';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { createPool } from '@eloquence/shared/runtime/postgres';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, say, settledReport } from '@eloquence/testkit/meetings/hold-meeting';
import { judgeReport } from '@eloquence/testkit/meetings/judge-report';
import { toEvents } from '@eloquence/testkit/meetings/meeting-events';
import { MeetingModel } from '@eloquence/testkit/meetings/meeting-model';
import { bare } from '@eloquence/testkit/meetings/prompt-lines';
import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { expect, test } from 'vitest';
import type * as z from 'zod';
import { startStack } from './start-stack.ts';

const silent = createLogger('test', 'silent');
/** Of facts, by a model that finds what it is shown. */
const RECALL = 0.95;
const SETTLED_MS = 120_000;

/** Every address of a page that points into it. */
function deadAnchors(html: string): string[] {
  const ids = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
  return [...html.matchAll(/href="#([^"]+)"/g)].flatMap(([, target]) => (ids.has(target) ? [] : [target ?? '']));
}

test('four hours of meeting, fast-forwarded through the whole product: the minutes are right, in every format', async () => {
  const meeting = generateMeeting({ seed: 2, hours: 4, language: 'fr', speakers: 6 });
  const model = new MeetingModel([meeting]);
  await using vendor = await new FakeMistral().listen();
  vendor.chat = model.chat;
  await using running = await startStack({ MISTRAL_API_KEY: vendor.apiKey, MISTRAL_BASE_URL: vendor.url });
  const { urls, env } = running.stack;
  await using parts = new AsyncDisposableStack();
  const pool = parts.adopt(createPool(env['DATABASE_URL'] ?? '', silent, { max: 1 }), (one) => one.end());
  const redis = parts.adopt(createRedis(env['REDIS_URL'] ?? '', 'commands', silent), closeRedis);
  const id = await openMeeting(pool, meeting);
  await say(new EventLog(redis), id, toEvents(meeting));

  const get = <S extends z.ZodType>(schema: S, path: string) =>
    requestJson({ url: `${urls.api}/api/sessions/${id}${path}`, peer: 'api-backend', schema, timeoutMs: 20_000 });
  const formats = Object.keys(reportFormats) as ReportFormat[];
  // What is done may still be on its way into formats; until then those of the draft are served.
  await settledReport(pool, id, SETTLED_MS, ['done']);
  const status = await get(reportStatusSchema, '/report');
  expect([status.state, status.formats.length]).toEqual(['done', formats.length]);
  const { report } = status;
  if (!report) throw new Error('a report that is done is there');
  const { facts, found, missed, ...faults } = judgeReport(report, meeting);
  process.stdout.write(
    `\n4 h: ${found} of ${facts} facts, ${model.seen.length} requests, ${model.repeated()} of them twice\n`,
  );
  expect(found / facts, missed.join('\n')).toBeGreaterThanOrEqual(RECALL);
  expect(Object.values(faults).flat()).toEqual([]);
  expect(report.holes).toEqual([]);
  expect(report.duration_ms).toBe(4 * 3_600_000);
  expect(model.repeated()).toBe(0);
  expect([...vendor.faults, ...model.faults]).toEqual([]);

  const spoken = new Set(meeting.utterances.map(({ start_ms: start }) => Math.floor(start / meeting.intervalMs)));
  const { chunks } = await get(summariesSchema, '/summaries');
  expect(chunks.map(({ n }) => n)).toEqual([...spoken].toSorted((one, other) => one - other));

  const files = new Map<ReportFormat, Buffer>();
  for (const format of formats) {
    const answer = await fetch(`${urls.api}/api/sessions/${id}/report.${format}`);
    expect([answer.status, answer.headers.get('content-type')], format).toEqual([200, reportFormats[format]]);
    files.set(format, Buffer.from(await answer.arrayBuffer()));
  }
  const text = (format: ReportFormat) => files.get(format)?.toString() ?? '';
  expect(JSON.parse(text('json'))).toEqual(report);
  const shown = wordsOn(text('html'));
  expect([...report.decisions, ...report.actions].filter((item) => !shown.includes(bare(item.text)))).toEqual([]);
  expect(text('md')).toContain(meeting.title);
  expect(deadAnchors(text('html'))).toEqual([]);
  expect(text('html')).not.toMatch(/<script|src="http/);
  expect(files.get('pdf')?.subarray(0, 5).toString()).toBe('%PDF-');
  expect(files.get('docx')?.subarray(0, 2).toString()).toBe('PK');
  expect(text('srt').match(/ --> /g)?.length ?? 0).toBeGreaterThanOrEqual(meeting.utterances.length);
  expect(text('vtt')).toMatch(/^WEBVTT/);
});

/** Letters and digits a reader of a page sees: typography may set other spaces and apostrophes. */
const wordsOn = (html: string): string => bare(html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/&(?:#\d+|[a-z]+);/g, ' '));
