import { parseArgs } from 'node:util';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { differences, runWithKills, type Kill, type Victim } from '@eloquence/testkit/meetings/kill-run';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';

/**
 * Kills at writes: the worker, Redis and Postgres die at seeded writes of a fast-forwarded meeting, before or after the write arrives,
 * and come back. Report, renderings and files are compared byte by byte with those of an undisturbed run of the same meeting.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    runs: { type: 'string', default: '10' },
    kills: { type: 'string', default: '5' },
    hours: { type: 'string', default: '0.6' },
    seed: { type: 'string', default: '1' },
    within: { type: 'string', default: '90' },
  },
});
const VICTIMS: readonly Victim[] = ['worker_at_postgres', 'worker_at_redis', 'redis', 'postgres'];
const RUNS = Number(values.runs);

const all: Kill[] = [];
const rows: string[][] = [];
let different = 0;
for (let run = 0; run < RUNS; run += 1) {
  const seed = Number(values.seed) + run;
  const meeting = generateMeeting({ seed, hours: Number(values.hours), language: run % 2 === 0 ? 'fr' : 'en' });
  const quiet = await runWithKills(meeting, { seed: 0, kills: 0, victims: VICTIMS });
  const plan = { seed, kills: Number(values.kills), victims: VICTIMS, withinWrites: Number(values.within) };
  const killed = await runWithKills(meeting, plan);
  const found = differences(quiet, killed);
  if (found.length > 0) different += 1;
  all.push(...killed.kills);
  const kills = killed.kills.map(({ victim, blow, at }) => `${victim} ${blow} ${at}`).join(', ');
  const lost = meeting.utterances.length - killed.utterances;
  const requests = `${killed.requests} (${quiet.requests})`;
  rows.push([String(seed), requests, String(killed.repeated), String(lost), found.join('; ') || 'none', kills]);
  process.stderr.write(`${rows.at(-1)?.join('  ')}\n`);
}
const head = ['seed', 'requests (undisturbed)', 'asked twice', 'lost', 'differences', 'kills'];
process.stdout.write(`${textTable([head, ...rows]).join('\n')}\n`);
for (const victim of VICTIMS) {
  const times = all.filter((kill) => kill.victim === victim).flatMap(({ resumedMs }) => resumedMs ?? []);
  const slowest = times.length > 0 ? `${show(Math.max(...times) / 1000, 1)} s` : '-';
  process.stdout.write(
    `${victim}: ${all.filter((kill) => kill.victim === victim).length} kills, longest until work went on ${slowest}\n`,
  );
}
process.stdout.write(`${all.length} kills in ${RUNS} runs, ${different} runs with differences\n`);
process.exit(different === 0 ? 0 : 1);
