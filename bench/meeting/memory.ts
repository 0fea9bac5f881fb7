import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, say, settledReport, untilEnd } from '@eloquence/testkit/meetings/hold-meeting';
import { toEvents } from '@eloquence/testkit/meetings/meeting-events';
import { MeetingStage, type RunningWorker } from '@eloquence/testkit/meetings/meeting-stage';
import type { ManagedProcess } from '@eloquence/testkit/processes';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';

/**
 * Memory of meeting-worker over a meeting of four hours, fast-forwarded: resident set every half hour of meeting, its peak (the
 * kernel's own), and its slope over the meeting by least squares, the first half hour left out. What is retained is the heap and the
 * memory outside it after a full collection, when that half hour is over and before the end: the resident set has in it what V8 keeps
 * for later. The worker has written the minutes of another meeting before: its warming up, a matter of minutes, would be spread
 * over the hours of a fast-forwarded meeting.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { hours: { type: 'string', default: '4' }, speed: { type: 'string', default: '60' } },
});
const HOURS = Number(values.hours);
const SPEED = Number(values.speed);
const HOUR_MS = 3_600_000;
const WARM_UP_H = 0.5;
const OTHER_HOURS = 2;
const STEP_H = 0.5;
const SAMPLE_MS = 1_000;
const SETTLED_MS = 300_000;
const COLLECTED_MS = 1_500;
/** Gives the worker a signal that has it collect. */
const COLLECTING = { NODE_OPTIONS: `--expose-gc --import=${join(import.meta.dirname, 'collect-on-signal.ts')}` };

interface Sample {
  readonly hour: number;
  readonly mb: number;
}

/** Once all that is not held any more is collected, MB. */
async function retained({ process: worker, url }: RunningWorker): Promise<number> {
  worker.signal('SIGUSR2');
  await sleep(COLLECTED_MS);
  const text = await (await fetch(`${url}/metrics`)).text();
  const bytes = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
  return (bytes('nodejs_heap_size_used_bytes') + bytes('nodejs_external_memory_bytes')) / 2 ** 20;
}

function status({ pid, alive, output }: ManagedProcess, name: 'VmRSS' | 'VmHWM'): number {
  if (!alive) throw new Error(`the worker ended:\n${output}`);
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
}

/** MB per hour of meeting. */
function slope(samples: readonly Sample[]): number {
  const meanX = samples.reduce((sum, { hour }) => sum + hour, 0) / samples.length;
  const meanY = samples.reduce((sum, { mb }) => sum + mb, 0) / samples.length;
  const top = samples.reduce((sum, { hour, mb }) => sum + (hour - meanX) * (mb - meanY), 0);
  return top / samples.reduce((sum, { hour }) => sum + (hour - meanX) ** 2, 0);
}

const load = watchLoad();
{
  const planted = generateMeeting({ seed: 1, hours: HOURS, language: 'fr', speakers: 6 });
  // It begins now: in one of long ago every mini-summary is due at every word, and is written anew.
  const startedAtMs = Date.now();
  const meeting = { ...planted, startedAtMs, endedAtMs: startedAtMs + planted.endedAtMs - planted.startedAtMs };
  const other = generateMeeting({ seed: 2, hours: OTHER_HOURS, language: 'fr', speakers: 6 });
  await using stage = await MeetingStage.start([meeting, other]);
  const running = await stage.startWorker(COLLECTING);
  const { process: worker } = running;
  const otherId = await openMeeting(stage.pool, other);
  await say(stage.log, otherId, toEvents(other));
  await settledReport(stage.pool, otherId, SETTLED_MS);
  const id = await openMeeting(stage.pool, meeting);
  await retained(running);
  const idleMb = status(worker, 'VmRSS');
  const samples: Sample[] = [];
  const startedMs = performance.now();
  const hourNow = () => ((performance.now() - startedMs) * SPEED) / HOUR_MS;
  using sampling = new DisposableStack();
  const timer = setInterval(() => samples.push({ hour: hourNow(), mb: status(worker, 'VmRSS') }), SAMPLE_MS);
  sampling.defer(() => clearInterval(timer));
  let warmMb: number | undefined;
  const [talk, end] = untilEnd(meeting);
  for (const event of talk) {
    if (hourNow() > WARM_UP_H) warmMb ??= await retained(running);
    const dueMs = (Date.parse(event.at) - meeting.startedAtMs) / SPEED - (performance.now() - startedMs);
    if (dueMs > 1) await sleep(dueMs);
    await stage.log.append(id, event);
  }
  const duringMb = status(worker, 'VmHWM');
  const heldMb = await retained(running);
  await say(stage.log, id, end);
  const live = samples.filter(({ hour }) => hour <= HOURS);
  const { report } = await settledReport(stage.pool, id, SETTLED_MS);
  clearInterval(timer);
  const afterMb = status(worker, 'VmRSS');
  const at = (hour: number) => live.findLast((sample) => sample.hour <= hour)?.mb ?? idleMb;
  const curve = Array.from({ length: Math.floor(HOURS / STEP_H) + 1 }, (_, index) => index * STEP_H);
  const table = [['hour of meeting', 'MB'], ...curve.map((hour) => [show(hour, 1), show(at(hour), 0)])];
  process.stdout.write(`${textTable(table).join('\n')}\n`);
  const figures = {
    'idle MB': idleMb,
    'peak during the meeting MB': duringMb,
    'peak with the report and its rendering MB': status(worker, 'VmHWM'),
    'after the report MB': afterMb,
    'slope of the resident set MB per hour of meeting': slope(live.filter(({ hour }) => hour > WARM_UP_H)),
    'retained before the end MB': heldMb,
    'slope of what is retained MB per hour of meeting': (heldMb - (warmMb ?? heldMb)) / (HOURS - WARM_UP_H),
  };
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name}: ${show(value, 1)}\n`);
  process.stdout.write(
    `report: ${report.kind}, ${meeting.utterances.length} utterances, ${SPEED} times as fast as life\n`,
  );
  process.stdout.write('Goals: worker <= 250 MB, slope <= 1 MB per hour.\n');
}
process.stdout.write(`${load()}\n`);
process.exit(0);
