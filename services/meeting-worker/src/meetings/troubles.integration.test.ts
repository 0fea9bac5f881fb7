import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Chunk } from '@eloquence/shared/contracts/meeting';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, publishedReport, say, settledReport, untilEnd } from '@eloquence/testkit/meetings/hold-meeting';
import { toEvents } from '@eloquence/testkit/meetings/meeting-events';
import { MeetingStage } from '@eloquence/testkit/meetings/meeting-stage';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

/** A quarter of an hour each, told apart by their seed. */
const meetings = Array.from({ length: 5 }, (_, seed) =>
  generateMeeting({ seed: seed + 60, hours: 0.25, language: 'fr' }),
);
const BUSY_MS = 60_000;
const SLOW_MS = 200_000;
let stage: MeetingStage;
let worker: Awaited<ReturnType<MeetingStage['startWorker']>>;
const left = [...meetings];

beforeAll(async () => {
  stage = await MeetingStage.start(meetings);
}, SLOW_MS);
beforeEach(async () => {
  stage.server.mode = { type: 'ok' };
  worker = await stage.startWorker();
}, SLOW_MS);
afterEach(() => worker.process.kill());
afterAll(() => stage[Symbol.asyncDispose]());

function nextMeeting() {
  const meeting = left.pop();
  if (!meeting) throw new Error('More meetings are needed.');
  return meeting;
}

async function chunksOf(id: SessionId): Promise<Chunk[]> {
  const { rows } = await stage.pool.query<{ body: Chunk }>(
    'select body from meeting_chunks where session_id = $1 order by n',
    [id],
  );
  return rows.map(({ body }) => body);
}

const stateOf = async (id: SessionId) => (await publishedReport(stage.pool, id))?.state;

/** The worker's lines with this text. */
const logged = (text: string) => worker.process.output.split('\n').filter((line) => line.includes(text));

test(
  'a hole of a meeting that goes on is filled while it goes on, also by another worker, and asked about once',
  async () => {
    const meeting = nextMeeting();
    const id = await openMeeting(stage.pool, meeting);
    const [before, end] = untilEnd(meeting);
    stage.server.mode = { type: 'error', status: 503, code: 'unavailable' };
    await say(stage.log, id, before);
    await waitFor(async () => (await chunksOf(id))[0]?.status === 'hole', { what: 'the hole', timeoutMs: BUSY_MS });
    await worker.process.kill();
    const asked = stage.model.seen.length;
    stage.server.mode = { type: 'ok' };
    worker = await stage.startWorker();
    const filled = async () => (await chunksOf(id))[0]?.status === 'summarised';
    await waitFor(filled, { what: 'the hole filled', timeoutMs: BUSY_MS });
    // Another chunk shows some of its last lines before its own.
    const ofFirst = stage.model.seen.slice(asked).filter(({ startMs }) => startMs !== null && startMs < 60_000);
    expect(ofFirst).toHaveLength(1);
    const { rows } = await stage.pool.query('select state from meetings where session_id = $1', [id]);
    expect(rows).toEqual([{ state: 'recording' }]);
    const settled = async () => {
      const text = 'select 1 from meetings where session_id = $1 and retry_at is null and tries = 0';
      return (await stage.pool.query(text, [id])).rowCount === 1;
    };
    await waitFor(settled, { what: 'nothing left to ask again', timeoutMs: BUSY_MS });
    await say(stage.log, id, end);
    const { report } = await settledReport(stage.pool, id);
    expect(report).toMatchObject({ kind: 'final', holes: [] });
    expect(stage.model.repeated()).toBe(0);
  },
  SLOW_MS,
);

test(
  'a mini-summary that cannot be read is made again, is named once in the log, and no other meeting waits for it',
  async () => {
    const meeting = nextMeeting();
    const id = await openMeeting(stage.pool, meeting);
    const [before, end] = untilEnd(meeting);
    await say(stage.log, id, before);
    await waitFor(async () => (await chunksOf(id)).length === 1, { what: 'a mini-summary', timeoutMs: BUSY_MS });
    const words = meeting.utterances[0]?.text ?? '';
    await stage.pool.query(
      `update meeting_chunks set body = jsonb_set(body, '{items}', to_jsonb($2::text)) where session_id = $1`,
      [id, words],
    );
    await say(stage.log, id, end);
    const other = nextMeeting();
    const otherId = await openMeeting(stage.pool, other);
    await say(stage.log, otherId, toEvents(other));
    expect((await settledReport(stage.pool, otherId)).report.kind).toBe('final');
    const done = async () => (await stateOf(id)) === 'done' && settledReport(stage.pool, id);
    const { report } = await waitFor(done, { what: 'the final', timeoutMs: BUSY_MS });
    expect(report).toMatchObject({ kind: 'final', holes: [] });
    const lines = logged('a part of a meeting cannot be made');
    expect(lines.map((line) => (JSON.parse(line) as { sessionId: string; part: string }).part)).toEqual(['read']);
    expect(lines[0]).toContain(id);
    expect(worker.process.output).not.toContain(words);
  },
  SLOW_MS,
);

test(
  'a model that is slow is told as slow, its final comes, and nothing is asked twice',
  async () => {
    const meeting = nextMeeting();
    const id = await openMeeting(stage.pool, meeting);
    const asked = stage.model.seen.length;
    stage.server.mode = { type: 'slow', delayMs: 20_000 };
    const started = performance.now();
    await say(stage.log, id, toEvents(meeting));
    await waitFor(async () => (await stateOf(id)) === 'partial', { what: 'the draft that stands', timeoutMs: BUSY_MS });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect((await publishedReport(stage.pool, id))?.report).toMatchObject({
      kind: 'draft',
      draft_reason: 'model_slow',
    });
    const reasons = new Set<string | null>();
    const done = async () => {
      const published = await publishedReport(stage.pool, id);
      reasons.add(published?.report.draft_reason ?? null);
      return published?.state === 'done';
    };
    await waitFor(done, { what: 'the final', timeoutMs: 150_000 });
    expect([...reasons]).toEqual(['model_slow', null]);
    const hashes = stage.model.seen.slice(asked).map(({ hash }) => hash);
    expect(hashes).toHaveLength(new Set(hashes).size);
  },
  SLOW_MS,
);

test(
  'a real outage is one line of its own',
  async () => {
    const meeting = nextMeeting();
    const id = await openMeeting(stage.pool, meeting);
    const [before, end] = untilEnd(meeting);
    await say(stage.log, id, before);
    await waitFor(async () => (await chunksOf(id)).length === 1, { what: 'a mini-summary', timeoutMs: BUSY_MS });
    await stage.postgres.kill();
    await waitFor(() => logged('meetings cannot be looked after now').length === 1, { timeoutMs: BUSY_MS });
    await stage.postgres.start();
    await say(stage.log, id, end);
    expect((await settledReport(stage.pool, id, BUSY_MS)).report.kind).toBe('final');
    expect(logged('meetings cannot be looked after now')).toHaveLength(1);
    expect(logged('a part of a meeting cannot be made')).toEqual([]);
  },
  SLOW_MS,
);
