import type { SessionEventBody } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, publishedReport, say, settledReport } from '@eloquence/testkit/meetings/hold-meeting';
import { toEvents } from '@eloquence/testkit/meetings/meeting-events';
import { MeetingStage } from '@eloquence/testkit/meetings/meeting-stage';
import type { PlantedMeeting } from '@eloquence/testkit/meetings/planted-meeting';
import { waitFor } from '@eloquence/testkit/wait-for';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';

/** A quarter of an hour each, told apart by their seed. */
const meetings = Array.from({ length: 9 }, (_, seed) =>
  generateMeeting({ seed: seed + 20, hours: 0.25, language: seed % 2 === 0 ? 'fr' : 'en' }),
);
/** What a busy machine may take for what is quick, and for a test; bench/meeting measures. */
const BUSY_MS = 45_000;
const SLOW_MS = 150_000;
let stage: MeetingStage;
let left: PlantedMeeting[];

beforeAll(async () => {
  stage = await MeetingStage.start(meetings);
  left = [...meetings];
}, SLOW_MS);
beforeEach(() => {
  stage.server.mode = { type: 'ok' };
});
afterAll(() => stage[Symbol.asyncDispose]());

/** A meeting no other test has. */
async function nextMeeting(): Promise<{ id: SessionId; events: SessionEventBody[]; endedAtMs: number }> {
  const meeting = left.pop();
  if (!meeting) throw new Error('More meetings are needed.');
  return { id: await openMeeting(stage.pool, meeting), events: toEvents(meeting), endedAtMs: meeting.endedAtMs };
}

const lines = (id: SessionId, name: string) =>
  readFileSync(join(stage.folder, id, name), 'utf8')
    .split('\n')
    .slice(0, -1);

async function idsInOrder(id: SessionId): Promise<string[]> {
  const text = 'select utterance_id from utterances where session_id = $1 order by seq';
  const { rows } = await stage.pool.query<{ utterance_id: string }>(text, [id]);
  return rows.map((row) => row.utterance_id);
}

const idOf = (line: string) => (JSON.parse(line) as { utterance_id: string }).utterance_id;

async function saidEvents(id: SessionId, type: string): Promise<Record<string, unknown>[]> {
  const text = 'select body from events where session_id = $1 and type = $2 order by seq';
  const { rows } = await stage.pool.query<{ body: Record<string, unknown> }>(text, [id, type]);
  return rows.map(({ body }) => body);
}

describe('with a worker at work', () => {
  let worker: Awaited<ReturnType<MeetingStage['startWorker']>>;
  beforeAll(async () => {
    worker = await stage.startWorker();
  }, SLOW_MS);
  afterAll(() => worker.process.kill());

  test(
    'every line is in both files once, in order of arrival; a torn line is mended, and lost files come back',
    async () => {
      const { id, events } = await nextMeeting();
      const half = Math.floor(events.length / 2);
      await say(stage.log, id, events.slice(0, half));
      // The one is written after the other.
      const upToDate = async () => {
        const { length } = await idsInOrder(id);
        return length > 5 && ['transcript.jsonl', 'raw.txt'].every((name) => lines(id, name).length === length);
      };
      await waitFor(upToDate, { what: 'the first half in the file', timeoutMs: BUSY_MS });
      await worker.process.kill();
      for (const name of ['transcript.jsonl', 'raw.txt']) {
        const path = join(stage.folder, id, name);
        truncateSync(path, readFileSync(path).length - 7);
      }
      worker = await stage.startWorker();
      await say(stage.log, id, events.slice(half));
      await settledReport(stage.pool, id);
      await waitFor(upToDate, { timeoutMs: BUSY_MS });
      expect(lines(id, 'transcript.jsonl').map(idOf)).toEqual(await idsInOrder(id));
      expect(lines(id, 'raw.txt')).toHaveLength(lines(id, 'transcript.jsonl').length);
      expect(lines(id, 'raw.txt')[0]).toMatch(/^\[00:0\d:\d\d\] \p{L}.*: ./u);
      expect(existsSync(join(stage.folder, id, 'summaries/chunk_0.json'))).toBe(true);
      await worker.process.kill();
      rmSync(join(stage.folder, id), { recursive: true });
      worker = await stage.startWorker();
      for (const name of ['raw.txt', 'summaries/chunk_1.json', 'report.docx'])
        await waitFor(() => existsSync(join(stage.folder, id, name)), { what: name, timeoutMs: BUSY_MS });
    },
    SLOW_MS,
  );

  test(
    'a renaming makes the next revision without asking a model, in every format and file',
    async () => {
      const { id, events } = await nextMeeting();
      await say(stage.log, id, events);
      const before = await settledReport(stage.pool, id);
      const asked = stage.model.seen.length;
      const speaker = before.report.speakers[0]?.speaker ?? '';
      await stage.pool.query(
        `insert into meeting_speakers (session_id, speaker, name) values ($1, $2, 'Zénobie Durand')`,
        [id, speaker],
      );
      await say(stage.log, id, [
        { type: 'speaker.renamed', at: new Date().toISOString(), speaker, name: 'Zénobie Durand' },
      ]);
      const after = await waitFor(
        async () => {
          const published = await settledReport(stage.pool, id);
          return published.revision > before.revision && published;
        },
        { what: 'the next revision', timeoutMs: BUSY_MS },
      );
      expect(after.report.speakers[0]?.name).toBe('Zénobie Durand');
      expect({ ...after.report, speakers: [] }).toEqual({ ...before.report, speakers: [] });
      expect(after.files.get('html')?.toString()).toContain('Zénobie Durand');
      expect(stage.model.seen).toHaveLength(asked);
      await waitFor(() => lines(id, 'raw.txt').some((line) => line.includes('Zénobie Durand:')), {
        timeoutMs: BUSY_MS,
      });
    },
    SLOW_MS,
  );

  test(
    'a meeting taken up again is recorded again, and has a new report when it ends again',
    async () => {
      const { id, events, endedAtMs } = await nextMeeting();
      await say(stage.log, id, events);
      const before = await settledReport(stage.pool, id);
      const { rows } = await stage.pool.query<{ last: number }>(
        'select max(seq) as last from events where session_id = $1',
        [id],
      );
      await stage.pool.query(
        `update sessions set state = 'active', ended_at = null, end_reason = null, resumed = 1 where session_id = $1`,
        [id],
      );
      await stage.log.reopen(id, { lastSeq: rows[0]?.last ?? 0, time: 1 });
      const state = async () => (await publishedReport(stage.pool, id))?.state;
      await waitFor(async () => (await state()) === 'recording', { timeoutMs: BUSY_MS });
      expect((await publishedReport(stage.pool, id))?.report).toEqual(before.report);
      const resumedAt = new Date().toISOString();
      const [first] = events.filter((event) => event.type === 'utterance.final');
      const startMs = endedAtMs - Date.parse(before.report.started_at) + 3_600_000;
      await say(stage.log, id, [
        {
          type: 'utterance.final',
          at: resumedAt,
          utterance: {
            ...first!.utterance,
            utterance_id: 'utt_aaaaaaaaaaaaaaaa',
            start_ms: startMs,
            end_ms: startMs + 2_000,
          },
        },
        { type: 'session.ended', at: resumedAt, reason: 'requested' },
      ]);
      const after = await waitFor(
        async () => {
          const published = await settledReport(stage.pool, id);
          return published.report.ended_at === resumedAt && published;
        },
        { timeoutMs: BUSY_MS },
      );
      expect(after.report.kind).toBe('final');
      expect(after.report.transcript).toHaveLength((before.report.transcript?.length ?? 0) + 1);
      expect(after.report.coverage.gaps.some(({ reason }) => reason === 'paused')).toBe(true);
      const announced = await saidEvents(id, 'report.ready');
      expect(announced.map(({ revision }) => revision)).toEqual([
        ...new Set(announced.map(({ revision }) => revision)),
      ]);
    },
    SLOW_MS,
  );

  test(
    'a meeting in which nothing is said has an honest report and asks no model',
    async () => {
      const { id, events } = await nextMeeting();
      const asked = stage.model.seen.length;
      await say(
        stage.log,
        id,
        events.filter(({ type }) => type !== 'utterance.final'),
      );
      const { report } = await settledReport(stage.pool, id);
      expect(report).toMatchObject({ kind: 'final', summary: [], decisions: [], transcript: [], holes: [] });
      expect(stage.model.seen).toHaveLength(asked);
    },
    SLOW_MS,
  );

  test(
    'files of a session that is deleted are removed',
    async () => {
      const { id, events } = await nextMeeting();
      await say(stage.log, id, events.slice(0, 40));
      await waitFor(() => existsSync(join(stage.folder, id)), { timeoutMs: BUSY_MS });
      await stage.pool.query('update sessions set deleted_at = now() where session_id = $1', [id]);
      for (const table of ['events', 'utterances', 'meetings', 'meeting_chunks'])
        await stage.pool.query(`delete from ${table} where session_id = $1`, [id]);
      await say(stage.log, id, [{ type: 'session.ended', at: new Date().toISOString(), reason: 'deleted' }]);
      await waitFor(() => !existsSync(join(stage.folder, id)), { timeoutMs: BUSY_MS });
      expect(await idsInOrder(id)).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'while no model answers the draft stands and says so within 30 s; when one is back the final is written after all',
    async () => {
      const { id, events } = await nextMeeting();
      stage.server.mode = { type: 'error', status: 500 };
      const started = performance.now();
      await say(stage.log, id, events);
      const draft = await waitFor(() => publishedReport(stage.pool, id), { timeoutMs: BUSY_MS });
      expect(draft.report).toMatchObject({ kind: 'draft', draft_reason: 'being_written' });
      const stands = async () => (await publishedReport(stage.pool, id))?.state === 'partial';
      await waitFor(stands, { what: 'the draft that stands', timeoutMs: BUSY_MS });
      expect(performance.now() - started).toBeLessThan(30_000);
      const given = async () => {
        const published = await settledReport(stage.pool, id);
        return published.report.draft_reason === 'model_failed' && published;
      };
      const partial = await waitFor(given, { what: 'no more hope at once', timeoutMs: BUSY_MS });
      expect(partial.report.holes.length).toBeGreaterThan(0);
      stage.server.mode = { type: 'ok' };
      const done = async () => {
        const published = await publishedReport(stage.pool, id);
        return published?.state === 'done' && published.report.holes.length === 0 && published;
      };
      const final = await waitFor(done, { what: 'the final after all', timeoutMs: 100_000, intervalMs: 250 });
      expect(final.report.kind).toBe('final');
    },
    2 * SLOW_MS,
  );
});

test(
  'two workers do the work once',
  async () => {
    const workers = await Promise.all([stage.startWorker(), stage.startWorker()]);
    onTestFinished(async () => void (await Promise.all(workers.map(({ process }) => process.kill()))));
    const asked = stage.model.seen.length;
    const { id, events } = await nextMeeting();
    const before = events.filter(({ type }) => type !== 'session.ended');
    await say(stage.log, id, before);
    // Two who store at once may store the end first: another draft follows then, and that is no fault.
    const stored = async () => {
      const text = 'select count(*)::integer as count from events where session_id = $1';
      return (await stage.pool.query<{ count: number }>(text, [id])).rows[0]?.count === before.length;
    };
    await waitFor(stored, { what: 'all but the end in Postgres', timeoutMs: BUSY_MS });
    await say(
      stage.log,
      id,
      events.filter(({ type }) => type === 'session.ended'),
    );
    const { revision } = await settledReport(stage.pool, id);
    expect(revision).toBe(2);
    expect((await saidEvents(id, 'report.ready')).map(({ kind }) => kind)).toEqual(['draft', 'final']);
    const hashes = stage.model.seen.slice(asked).map(({ hash }) => hash);
    // What one worker asks ahead for the report, the other may want at that moment for the final.
    expect(hashes).toEqual([...new Set(hashes)]);
  },
  SLOW_MS,
);

test(
  'a disk that cannot be written stops nothing; when it can be, the files are there',
  async () => {
    const folder = join(stage.folder, 'no-folder');
    writeFileSync(folder, '');
    const worker = await stage.startWorker({ MEETINGS_DIR: folder });
    const { id, events } = await nextMeeting();
    await say(stage.log, id, events);
    const report = await waitFor(
      async () => {
        const published = await publishedReport(stage.pool, id);
        return published?.state === 'done' && published.files.size === 7 && published;
      },
      { timeoutMs: BUSY_MS },
    );
    expect(report.report.kind).toBe('final');
    expect(worker.process.output.match(/files of meetings cannot be written/g)).toHaveLength(1);
    rmSync(folder);
    await waitFor(() => existsSync(join(folder, id, 'report.pdf')), { timeoutMs: BUSY_MS });
    await waitFor(() => existsSync(join(folder, id, 'raw.txt')), { timeoutMs: BUSY_MS });
    await worker.process.kill();
  },
  SLOW_MS,
);
