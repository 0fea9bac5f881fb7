import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { textTable } from '@eloquence/testkit/text-table';
import { percentile } from '@eloquence/testkit/call-report';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { enginePerS } from './engine-call.ts';
import { FRAME_MS, RefusedError } from './listen-stream.ts';
import { startFixedEngine, startGateway, startWhisper, type Running } from './processes.ts';
import { Speaker } from './speaker.ts';
import { utterances, type Utterance } from './speech-loop.ts';

/**
 * What becomes of the speakers when twice as many come as the engine can serve.
 *
 * Capacity is what the engine does when it always has eight calls, over the utterances of one speaker per second. First one
 * speaker alone, then `--factor` times the capacity at the door within 10 s; who is refused asks again when told. A speaker says a
 * sentence of 1.5 to 4 s, pauses `--pause-ms`, and so on. A final's time is from the last frame of the speech to the final;
 * lag is the age of the oldest utterance without a final, looked at every 100 ms. With `--slower` the engine takes so many times as
 * long from then on for 15 s, as a machine that gets busy (fixed engine only).
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    engine: { type: 'string', default: 'fixed' },
    'service-ms': { type: 'string', default: '100' },
    batch: { type: 'string', default: '1' },
    factor: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '40' },
    'pause-ms': { type: 'string', default: '2000' },
    slower: { type: 'string' },
    'no-interims': { type: 'boolean', default: false },
  },
});
const PAUSE_MS = Number(values['pause-ms']);
const ARRIVAL_MS = 10_000;
const ALONE_MS = 40_000;
const SLOW_MS = 15_000;
const LEAVE_MS = 20_000;

interface Phase {
  readonly name: string;
  readonly speakers: readonly Speaker[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxLagMs: number;
}

/** Everybody who comes in the overload phase. */
class Crowd {
  readonly inside: Speaker[] = [];
  readonly refusals: RefusedError[] = [];
  over = false;

  async knock(url: string, material: readonly Utterance[], index: number): Promise<void> {
    while (!this.over) {
      try {
        this.inside.push(await start(url, material, index));
        return;
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        this.refusals.push(error);
        await sleep(Math.max(1, error.retryAfterS) * 1000);
      }
    }
  }
}

function start(url: string, material: readonly Utterance[], first: number): Promise<Speaker> {
  const interims = !values['no-interims'];
  return Speaker.start({ url, utterances: material, first, pauseMs: PAUSE_MS, interims });
}

/** Lets time pass and looks at the lag. @returns its maximum, ms */
async function watchLag(speakers: readonly Speaker[], forMs: number): Promise<number> {
  const endMs = performance.now() + forMs;
  let most = 0;
  while (performance.now() < endMs) {
    await sleep(100);
    for (const speaker of speakers) most = Math.max(most, speaker.lagMs);
  }
  return most;
}

function row({ name, speakers, fromMs, toMs, maxLagMs }: Phase): string[] {
  const took = speakers.flatMap(({ finals }) => finals.filter(({ spokenMs }) => spokenMs >= fromMs && spokenMs < toMs));
  const times = took.map(({ tookMs }) => tookMs);
  const figures = [percentile(times, 0.5), percentile(times, 0.95), Math.max(...times), maxLagMs];
  const interims = speakers.reduce((sum, speaker) => sum + speaker.interims, 0);
  return [String(speakers.length), String(times.length), ...figures.map((ms) => show(ms)), String(interims), name];
}

async function startEngine(): Promise<Running> {
  if (values.engine === 'whisper') return startWhisper();
  return startFixedEngine({ serviceMs: Number(values['service-ms']), batch: Number(values.batch) });
}

async function slowDown(engine: Running, crowd: Crowd): Promise<Phase | undefined> {
  if (!values.slower || values.engine === 'whisper') return undefined;
  const serviceMs = Number(values['service-ms']);
  const fromMs = performance.now();
  await fetch(`${engine.url}/service-ms?ms=${serviceMs * Number(values.slower)}`);
  const maxLagMs = await watchLag(crowd.inside, SLOW_MS);
  await fetch(`${engine.url}/service-ms?ms=${serviceMs}`);
  return {
    name: `engine ${values.slower} times slower`,
    speakers: crowd.inside,
    fromMs,
    toMs: performance.now(),
    maxLagMs,
  };
}

const load = watchLoad();
const material = await utterances(24, 1.5, 4);
const cycleS = material.reduce((sum, { length }) => sum + length * FRAME_MS + PAUSE_MS, 0) / material.length / 1000;
await using engine = await startEngine();
const perS = await enginePerS(
  engine.url,
  material.map((frames) => Buffer.concat(frames)),
  6_000,
);
const capacity = perS * cycleS;
const count = Math.round(Number(values.factor) * capacity);
const about =
  values.engine === 'whisper' ? 'whisper-stt, demo model' : `${values['service-ms']} ms, batch ${values.batch}`;
process.stdout.write(
  `engine: ${about}: ${show(perS, 1)} calls/s = ${show(capacity, 1)} speakers with a final every ${show(cycleS, 1)} s; ${count} come\n`,
);
await using gateway = await startGateway(engine.url);
const phases: Phase[] = [];

const alone = await start(gateway.url, material, 0);
const aloneMs = performance.now() + 4_000;
const aloneLagMs = await watchLag([alone], ALONE_MS);
phases.push({ name: 'alone', speakers: [alone], fromMs: aloneMs, toMs: performance.now(), maxLagMs: aloneLagMs });
alone.hush();

const crowd = new Crowd();
const crowdMs = performance.now();
const knocking = Array.from({ length: count }, async (_, index) => {
  await sleep((ARRIVAL_MS * index) / count);
  await crowd.knock(gateway.url, material, index);
});
const maxLagMs = await watchLag(crowd.inside, Number(values.seconds) * 1000);
phases.push({ name: 'crowd', speakers: [...crowd.inside], fromMs: crowdMs, toMs: performance.now(), maxLagMs });
const slow = await slowDown(engine, crowd);
if (slow) phases.push(slow);
crowd.over = true;
for (const speaker of crowd.inside) speaker.hush();
await watchLag(crowd.inside, LEAVE_MS / 4);
const deadlineMs = performance.now() + LEAVE_MS;
while (crowd.inside.some(({ unanswered }) => unanswered > 0) && performance.now() < deadlineMs) await sleep(100);

const header = ['speakers', 'finals', 'p50 ms', 'p95', 'max', 'lag max', 'interims', 'phase'];
process.stdout.write(`${textTable([header, ...phases.map(row)]).join('\n')}\n`);
const refusedMs = crowd.refusals.map(({ tookMs }) => tookMs);
const byCode = Object.groupBy(crowd.refusals, ({ status, code }) => `${status} ${code}`);
const codes = Object.entries(byCode).map(([code, refusals]) => `${refusals?.length ?? 0} x ${code}`);
const unanswered = crowd.inside.reduce((sum, speaker) => sum + speaker.unanswered, 0);
const errors = crowd.inside.flatMap((speaker) => speaker.errors);
const gone = crowd.inside.filter(({ isOpen }) => !isOpen).length;
process.stdout.write(
  [
    `refused: ${codes.join(', ') || 'nobody'}; in ${show(percentile(refusedMs, 0.5), 1)} ms (p50), ${show(percentile(refusedMs, 0.95), 1)} (p95), ${show(Math.max(...refusedMs), 1)} (max)`,
    `utterances without a final: ${unanswered}; errors told: ${errors.join(', ') || 'none'}; sockets closed on us: ${gone}`,
    load(),
    '',
  ].join('\n'),
);
for (const speaker of [alone, ...crowd.inside]) speaker.close();
await Promise.race([Promise.all(knocking), sleep(1_000)]);
process.exit(0);
