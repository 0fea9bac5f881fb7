import { eventKeys } from '@eloquence/shared/contracts/events';
import { QUEUE_NAME } from '@eloquence/shared/contracts/jobs';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { migrate } from '@eloquence/shared/runtime/postgres';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { createTestDatabase } from '@eloquence/testkit/database';
import '@eloquence/testkit/integration-setup';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { waitFor } from '@eloquence/testkit/wait-for';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { at, silent, startWorker, Stores, utterance, type Addresses } from '../test-support/worker-under-test.ts';
import { EventStreams } from '../persist/event-streams.ts';
import { JobQueue } from './job-queue.ts';
import { JobWorker, type JobHandlers } from './job-worker.ts';

let stack: AsyncDisposableStack;
let addresses: Addresses;
let stores: Stores;
let queue: Queue;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const redis = stack.use(await RedisServer.start());
  const database = stack.use(await createTestDatabase(inject('databaseUrl')));
  addresses = { redisUrl: redis.url, databaseUrl: database.url };
  stores = stack.use(new Stores(addresses));
  await migrate(stores.pool, silent);
  queue = stack.adopt(new Queue(QUEUE_NAME, { connection: { url: redis.url } }), (opened) => opened.close());
});
afterEach(() => stack.disposeAsync());

async function endedSession(): Promise<SessionId> {
  const id = await stores.openSession();
  await stores.log.append(id, { type: 'session.started', at: at() });
  await stores.log.append(id, utterance('bonjour'));
  await stores.log.append(id, { type: 'session.ended', at: '2026-11-21T10:05:00.000Z', reason: 'participant_left' });
  return id;
}

const ttlMs = (id: SessionId) =>
  waitFor(async () => {
    const left = await stores.redis.pttl(eventKeys.stream(id));
    return left > 0 && left;
  });

test('an ended session is marked ended, its keys expire after an hour, and the job leaves nothing behind', async () => {
  await using worker = await startWorker(addresses);
  const id = await endedSession();
  expect(await ttlMs(id)).toBeGreaterThan(3_500_000);
  for (const key of [eventKeys.seq(id), eventKeys.seen(id)])
    expect(await stores.redis.pttl(key)).toBeGreaterThan(3_500_000);
  expect(await stores.rows('select state, end_reason, ended_at from sessions where session_id = $1', id)).toEqual([
    { state: 'ended', end_reason: 'participant_left', ended_at: new Date('2026-11-21T10:05:00.000Z') },
  ]);
  await waitFor(async () => (await queue.getJob(`close_session-${id}`)) === undefined, { what: 'job removed' });
  expect(await worker.metric('eloquence_jobs_total{name="close_session",outcome="completed"}')).toBe(1);
});

test('what api-backend wrote about the end stays', async () => {
  const id = await stores.openSession();
  await stores.rows(
    `update sessions set state = 'ended', end_reason = 'requested', ended_at = '2026-01-01T00:00:00Z' where session_id = $1`,
    id,
  );
  await stores.log.append(id, { type: 'session.ended', at: at(), reason: 'room_closed' });
  stack.use(await startWorker(addresses));
  await ttlMs(id);
  expect(await stores.rows('select end_reason, ended_at from sessions where session_id = $1', id)).toEqual([
    { end_reason: 'requested', ended_at: new Date('2026-01-01T00:00:00Z') },
  ]);
});

test('events that were acknowledged and are not in Postgres are copied again before the stream may go', async () => {
  stack.use(await startWorker(addresses));
  const id = await stores.openSession();
  await stores.log.append(id, utterance('perdue'));
  await stores.log.append(id, utterance('gardée'));
  await waitFor(async () => (await stores.count('utterances', id)) === 2);
  await stores.rows('delete from utterances where session_id = $1 and seq = 1', id);
  await stores.rows('delete from events where session_id = $1 and seq = 1', id);
  await stores.log.append(id, { type: 'session.ended', at: at(), reason: 'requested' });
  await ttlMs(id);
  expect(await stores.rows('select seq, text from utterances where session_id = $1 order by seq', id)).toEqual([
    { seq: 1, text: 'perdue' },
    { seq: 2, text: 'gardée' },
  ]);
});

test('a session that is still open is left alone', async () => {
  stack.use(await startWorker(addresses));
  const id = await stores.openSession();
  await stores.log.append(id, utterance('bonjour'));
  await waitFor(async () => (await stores.count('events', id)) === 1);
  await queue.add('close_session', { session_id: id }, { jobId: 'x', removeOnComplete: true });
  await waitFor(async () => (await queue.getJob('x')) === undefined);
  expect(await stores.redis.pttl(eventKeys.stream(id))).toBe(-1);
  expect(await stores.rows('select state from sessions where session_id = $1', id)).toEqual([{ state: 'created' }]);
});

test('a session taken up again is closed a second time, and not by what is left of the first', async () => {
  stack.use(await startWorker(addresses));
  const id = await endedSession();
  await ttlMs(id);
  // As an hour later: Redis has forgotten all of it.
  await stores.redis.del(eventKeys.stream(id), eventKeys.seq(id), eventKeys.seen(id));
  await stores.rows(
    `update sessions set state = 'active', ended_at = null, end_reason = null, resumed = 1 where session_id = $1`,
    id,
  );
  await queue.add('close_session', { session_id: id }, { jobId: 'late', removeOnComplete: true });
  await waitFor(async () => (await queue.getJob('late')) === undefined);
  expect(await stores.rows('select state from sessions where session_id = $1', id)).toEqual([{ state: 'active' }]);

  expect(await stores.log.reopen(id, { lastSeq: 3, time: 1 })).toBe(4);
  await stores.log.append(id, utterance('après'));
  await waitFor(async () => (await stores.count('utterances', id)) === 2);
  await queue.add('close_session', { session_id: id }, { jobId: 'later', removeOnComplete: true });
  await waitFor(async () => (await queue.getJob('later')) === undefined);
  expect(await stores.redis.pttl(eventKeys.stream(id))).toBe(-1);

  const endedAt = '2026-11-21T15:00:00.000Z';
  await stores.log.append(id, { type: 'session.ended', at: endedAt, reason: 'requested' });
  expect(await ttlMs(id)).toBeGreaterThan(3_500_000);
  expect(await stores.rows('select state, end_reason, ended_at from sessions where session_id = $1', id)).toEqual([
    { state: 'ended', end_reason: 'requested', ended_at: new Date(endedAt) },
  ]);
  const seqs = await stores.rows('select seq, type from events where session_id = $1 order by seq', id);
  expect(seqs.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('keys of a session that is taken up again while it is being closed do not expire', async () => {
  const id = await endedSession();
  await stores.log.reopen(id, { lastSeq: 3, time: 1 });
  const streams = new EventStreams(stores.redis, { consumer: 'test', batchSize: 10, claimIdleMs: 1_000 });
  await streams.expireEnded(id, 1_000);
  expect(await stores.redis.pttl(eventKeys.stream(id))).toBe(-1);
  await stores.log.append(id, { type: 'session.ended', at: at(), reason: 'requested' });
  await streams.expireEnded(id, 60_000);
  expect(await stores.redis.pttl(eventKeys.seq(id))).toBeGreaterThan(50_000);
});

const idle = () => Promise.resolve();

/** A worker with handlers of the test's own. */
function runJobs(close: JobHandlers['close_session']) {
  const blocking = new Redis(addresses.redisUrl, { maxRetriesPerRequest: null });
  const commands = new Redis(addresses.redisUrl);
  const worker = new JobWorker({
    redis: blocking,
    handlers: { close_session: close, summarise_chunk: idle, write_report: idle, render_report: idle },
    logger: silent,
    telemetry: new Telemetry({ processMetrics: false }),
  });
  void worker.run();
  const jobs = new JobQueue(commands);
  return {
    jobs,
    [Symbol.asyncDispose]: async () => {
      await worker.stop();
      await jobs.close();
      blocking.disconnect();
      commands.disconnect();
    },
  };
}

const someSession: SessionId = 'ses_aaaaaaaaaaaaaaaaaaaa';

test('a payload that is not of the schema fails at once, with a code and no text', async () => {
  let called = 0;
  stack.use(runJobs(async () => void (called += 1)));
  await queue.add('close_session', { session_id: 'something somebody said' }, { jobId: 'bad', attempts: 5 });
  const job = await waitFor(async () => (await queue.getFailed())[0]);
  expect(job.failedReason).toBe('invalid_payload');
  expect(called).toBe(0);
});

test('what is kept of a failure is a code, never the message', async () => {
  stack.use(runJobs(() => Promise.reject(new Error('he said: my card number is 1234'))));
  await queue.add('close_session', { session_id: someSession }, { jobId: 'loud', attempts: 1 });
  const job = await waitFor(async () => (await queue.getFailed())[0]);
  expect(job.failedReason).toBe('Error');
  expect(JSON.stringify(job.toJSON())).not.toContain('card');
});

test('a job fails twice, succeeds the third time and is gone; a job that failed for good can be added again', async () => {
  let calls = 0;
  await using run = runJobs(async () => {
    calls += 1;
    if (calls < 3) throw new Error('not yet');
  });
  await run.jobs.add('close_session', `close_session-${someSession}`, { session_id: someSession });
  await waitFor(() => calls === 3, { timeoutMs: 10_000 });
  await waitFor(async () => (await queue.getJob(`close_session-${someSession}`)) === undefined);

  await queue.add('close_session', { session_id: 'wrong' }, { jobId: 'close_session-again', attempts: 1 });
  await waitFor(async () => (await queue.getFailedCount()) === 1);
  await (await queue.getJob('close_session-again'))?.updateData({ session_id: someSession });
  await run.jobs.add('close_session', 'close_session-again', { session_id: someSession });
  await waitFor(() => calls === 4);
  expect(await queue.getFailedCount()).toBe(0);
});
