import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, say, settledReport } from '@eloquence/testkit/meetings/hold-meeting';
import { judgeReport } from '@eloquence/testkit/meetings/judge-report';
import { differences, runWithKills, type Victim } from '@eloquence/testkit/meetings/kill-run';
import { toEvents } from '@eloquence/testkit/meetings/meeting-events';
import { MeetingStage } from '@eloquence/testkit/meetings/meeting-stage';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, test } from 'vitest';

/** `npm run bench -- meeting/kills` does this for as many seeds as one likes. */
const VICTIMS: readonly Victim[] = ['worker_at_postgres', 'worker_at_redis', 'redis', 'postgres'];
const RESUMED_MS = 10_000;

test('worker, Redis and Postgres killed at writes of a meeting: report and files are byte for byte those of an undisturbed run', async () => {
  const meeting = generateMeeting({ seed: 3, hours: 0.6, language: 'fr', speakers: 4 });
  const [quiet, killed] = await Promise.all([
    runWithKills(meeting, { seed: 0, kills: 0, victims: VICTIMS }),
    runWithKills(meeting, { seed: 4, kills: 4, victims: VICTIMS }),
  ]);
  expect(killed.kills.map(({ victim }) => victim).toSorted()).toEqual([...VICTIMS].toSorted());
  expect(differences(quiet, killed)).toEqual([]);
  expect(killed.published.state).toBe('done');
  expect(killed.utterances).toBe(meeting.utterances.length);
  // A model whose answer nobody was left to hear is asked again; what was answered is not asked twice.
  expect(killed.repeated).toBeLessThanOrEqual(killed.kills.length);
  expect(quiet.repeated).toBe(0);
  const { facts, found } = judgeReport(killed.published.report, meeting);
  expect(found).toBe(facts);
}, 300_000);

test('a worker killed while the model is writing: the next one has asked again within ten seconds', async () => {
  const meeting = generateMeeting({ seed: 8, hours: 0.3, language: 'en' });
  await using stage = await MeetingStage.start([meeting]);
  stage.model.tokensPerSecond = 60;
  const id = await openMeeting(stage.pool, meeting);
  const first = await stage.startWorker();
  await say(stage.log, id, toEvents(meeting));
  await waitFor(() => stage.model.seen.length > 0, { what: 'a request', timeoutMs: 30_000 });
  await first.process.kill();
  const killedMs = performance.now();
  const before = stage.model.seen.length;
  await stage.startWorker();
  await waitFor(() => stage.model.seen.length > before, { what: 'the model asked again', timeoutMs: 30_000 });
  expect(performance.now() - killedMs).toBeLessThan(RESUMED_MS);
  stage.model.tokensPerSecond = undefined;
  expect((await settledReport(stage.pool, id)).report.kind).toBe('final');
}, 120_000);
