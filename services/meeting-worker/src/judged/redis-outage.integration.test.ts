import { setTimeout as sleep } from 'node:timers/promises';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, say, sayThroughOutages, settledReport, untilEnd } from '@eloquence/testkit/meetings/hold-meeting';
import { MeetingStage } from '@eloquence/testkit/meetings/meeting-stage';
import { Tap } from '@eloquence/testkit/meetings/tap';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, test } from 'vitest';

const AWAY_MS = 10_000;
/** What a model is waited for on a busy machine. */
const BUSY_MS = 60_000;
const meeting = generateMeeting({ seed: 11, hours: 0.4, language: 'fr', speakers: 4 });

interface Outage {
  readonly happen: (stage: MeetingStage, tap: Tap) => Promise<void> | void;
  /** When it is over, somebody works again within so long. */
  readonly resumedMs: number;
}

const outages = {
  killed: {
    happen: async ({ redis }) => {
      await redis.kill();
      await sleep(AWAY_MS);
      await redis.start();
    },
    resumedMs: 10_000,
  },
  frozen: {
    happen: async ({ redis }) => {
      redis.freeze();
      await sleep(AWAY_MS);
      redis.thaw();
    },
    resumedMs: 10_000,
  },
  // Nobody is told, and each side waits for the other.
  'cut off': { happen: (_stage, tap) => tap.cut(), resumedMs: 20_000 },
} satisfies Record<string, Outage>;

/** A meeting with one outage while a mini-summary is being written and another while the report is. */
async function hold(outage?: Outage) {
  await using stage = await MeetingStage.start([meeting]);
  await using tap = await Tap.start(stage.redis.port, /$^/);
  const { model, pool, log } = stage;
  const resumedMs: number[] = [];
  /** Grows with whatever is done. */
  const done = async () => {
    const text = `select concat_ws('+', sum(revision), sum(announced), sum(filed), (select count(*) from meeting_chunks),
      (select sum(revision) from meeting_files)) as done from meetings`;
    return `${model.seen.length} ${(await pool.query<{ done: string }>(text)).rows[0]?.done}`;
  };
  const suffer = async (of: 'chunk' | 'report') => {
    const isAsked = () => model.seen.some((request) => request.of === of);
    await waitFor(isAsked, { what: `a model asked for a ${of}`, timeoutMs: BUSY_MS });
    await outage?.happen(stage, tap);
    const [before, backMs] = [await done(), performance.now()];
    await waitFor(async () => !outage || (await done()) !== before, { what: `work on the ${of}`, timeoutMs: BUSY_MS });
    resumedMs.push(Math.round(performance.now() - backMs));
  };
  const id = await openMeeting(pool, meeting);
  await stage.startWorker({ REDIS_URL: `redis://127.0.0.1:${tap.port}` });
  model.tokensPerSecond = 150;
  const [talk, end] = untilEnd(meeting);
  await say(log, id, talk);
  await suffer('chunk');
  await sayThroughOutages(log, id, end);
  await suffer('report');
  model.tokensPerSecond = undefined;
  const published = await settledReport(pool, id, 2 * BUSY_MS, ['done']);
  return { published, repeated: model.repeated(), resumedMs };
}

test('Redis killed, frozen for ten seconds or cut off, twice in a meeting: the worker goes on by itself, asks nothing twice, and writes the same report', async () => {
  // Two at a time: on a small machine more of them wait for each other.
  const [quiet, killed] = await Promise.all([hold(), hold(outages.killed)]);
  const [frozen, cutOff] = await Promise.all([hold(outages.frozen), hold(outages['cut off'])]);
  const runs = { killed, frozen, 'cut off': cutOff };
  for (const name of ['killed', 'frozen', 'cut off'] as const) {
    const { published, repeated, resumedMs } = runs[name];
    process.stdout.write(`${name}: work went on after ${resumedMs.join(' and ')} ms\n`);
    expect(published.text, name).toBe(quiet.published.text);
    for (const [format, bytes] of quiet.published.files)
      expect(published.files.get(format)?.equals(bytes), `${name}: ${format}`).toBe(true);
    expect(repeated, name).toBe(0);
    expect(Math.max(...resumedMs), name).toBeLessThan(outages[name].resumedMs);
  }
}, 480_000);
