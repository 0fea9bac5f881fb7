import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from '@eloquence/testkit/call-report';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { stopwatch } from '../thread-times.ts';
import { ChatStream, firstTokenMs, tokenMs, type Streamed, type Target } from './chat-stream.ts';
import { modelAt, startApi, startPipe, startStores, startVendor } from './processes.ts';

/**
 * What the LLM proxy adds, and what it costs.
 *
 * Each of N loops asks twice at once: through api-backend and straight to the model, which gives the first of 40 tokens
 * after 20 ms and the others 20 ms apart. Added = through less direct, of the same pair: to the first token, and for each
 * token from the model's sending to the caller's receiving. The whole way is measured: key, session, quotas in Redis,
 * accounts in Postgres. CPU is what the kernel counted for api-backend's process, over all tokens it passed on. The last
 * table is about the first token, one request at a time: what any proxy adds on this machine, what ours adds, and what a
 * session and its quotas add to that.
 *
 * api-backend has core 0 to itself as far as the machine allows; this process, the model, Redis and Postgres share core 1.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    streams: { type: 'string', default: '1,16,64' },
    seconds: { type: 'string', default: '15' },
    wire: { type: 'string', default: 'mistral' },
    /** Folder for V8 CPU profiles of api-backend. */
    profile: { type: 'string' },
  },
});
const SECONDS = Number(values.seconds);
const WIRE = values.wire === 'openai' ? 'openai' : 'mistral';
const SETTLE_MS = 2_000;
/** Some 300 answers, for code that has not run often is slow, and a service runs for weeks. */
const WARM_UP = { loops: 32, ms: 8_000 };
/** An answer takes about that long. */
const ANSWER_MS = 850;
const ADMISSIONS = 800;

const good = ({ done, tokens }: Streamed) => done && tokens.length > 0;

async function* pairs(through: Target, direct: Target, until: () => boolean): AsyncGenerator<[Streamed, Streamed]> {
  for (let turn = 0; !until(); turn += 1) {
    const [first, second] = turn % 2 === 0 ? [through, direct] : [direct, through];
    const [one, other] = await Promise.all([new ChatStream(first).ended, new ChatStream(second).ended]);
    yield turn % 2 === 0 ? [one, other] : [other, one];
  }
}

async function warmUp(target: Target): Promise<void> {
  const untilMs = performance.now() + WARM_UP.ms;
  const loop = async () => {
    while (performance.now() < untilMs) await new ChatStream(target).ended;
  };
  await Promise.all(Array.from({ length: WARM_UP.loops }, loop));
}

async function measure(count: number): Promise<string[]> {
  await using stores = await startStores();
  await using vendor = await startVendor({ core: 1 });
  const nodeFlags = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  await using api = await startApi({ stores, env: modelAt(vendor.origin, WIRE), core: 0, nodeFlags });
  const headers = { 'x-session-id': await stores.openSession() };
  const firsts: { through: number; direct: number }[] = [];
  const gaps: number[] = [];
  let [over, measuring, tokens, faults] = [false, false, 0, 0];
  const loop = async (index: number) => {
    await sleep((ANSWER_MS * index) / count);
    for await (const [through, direct] of pairs({ ...api.target, headers }, vendor.target, () => over)) {
      if (!measuring) continue;
      if (!good(through) || !good(direct)) faults += 1;
      else firsts.push({ through: firstTokenMs(through), direct: firstTokenMs(direct) });
      tokens += through.tokens.length;
      const straight = tokenMs(direct);
      gaps.push(...tokenMs(through).flatMap((ms, at) => (at === 0 ? [] : [ms - (straight[at] ?? Number.NaN)])));
    }
  };
  await warmUp({ ...api.target, headers });
  const loops = Array.from({ length: count }, (_, index) => loop(index));
  await sleep(SETTLE_MS);
  const stop = stopwatch(api.process.pid ?? 0, []);
  measuring = true;
  await sleep(SECONDS * 1000);
  measuring = false;
  const { main, rest } = stop();
  over = true;
  await Promise.all(loops);
  const added = firsts.map(({ through, direct }) => through - direct);
  const both = [firsts.map((pair) => pair.direct), firsts.map((pair) => pair.through), added, gaps];
  return [
    String(count),
    String(firsts.length),
    String(faults),
    ...both.flatMap((list) => [show(percentile(list, 0.5), 2), show(percentile(list, 0.99), 2)]),
    show((main.runUs + rest.runUs) / tokens, 0),
    show((100 * (main.runUs + rest.runUs)) / (SECONDS * 1e6)),
    show((100 * main.waitUs) / (SECONDS * 1e6)),
  ];
}

function row(name: string, list: readonly number[]): string[] {
  return [show(percentile(list, 0.5), 2), show(percentile(list, 0.99), 2), name];
}

/** First tokens with and without a session and quotas, one after the other. */
async function measureAdmission(): Promise<string[][]> {
  await using stores = await startStores();
  await using vendor = await startVendor({ firstMs: 5, gapMs: 1, tokens: 2, core: 1 });
  const env = modelAt(vendor.origin, WIRE);
  await using counted = await startApi({ stores, env, core: 0 });
  await using free = await startApi({ stores, env, core: 0, quotas: false });
  await using pipe = await startPipe(vendor, 0);
  const headers = { 'x-session-id': await stores.openSession() };
  const targets = [vendor.target, pipe.target, free.target, { ...counted.target, headers }];
  const times: number[][] = [];
  for (let turn = 0; turn < ADMISSIONS; turn += 1) {
    const results: number[] = [];
    for (let step = 0; step < targets.length; step += 1) {
      const at = (turn + step) % targets.length;
      const target = targets[at];
      if (target) results[at] = firstTokenMs(await new ChatStream(target).ended);
    }
    // The first ones are slow everywhere: code is compiled, connections are made.
    if (turn >= ADMISSIONS / 2) times.push(results);
  }
  const less = (one: number, other: number) =>
    times.map((results) => (results[one] ?? Number.NaN) - (results[other] ?? Number.NaN));
  return [
    row('a pipe that only passes bytes on, less direct', less(1, 0)),
    row('api-backend without session and limits, less direct', less(2, 0)),
    row('the same, less the pipe', less(2, 1)),
    row('session and four limits, less without', less(3, 2)),
  ];
}

const load = watchLoad();
const header = [
  'streams',
  'pairs',
  'faults',
  'direct TTFT p50 ms',
  'p99',
  'through p50',
  'p99',
  'added TTFT p50',
  'p99',
];
header.push('added/token p50', 'p99', 'us/token', '% of core 0', '% of the time waiting for core 0');
const rows: string[][] = [];
for (const count of values.streams.split(',').map(Number).filter(Boolean)) rows.push(await measure(count));
process.stdout.write(`${WIRE}, 50 tokens/s and stream, ${SECONDS} s per row\n`);
process.stdout.write(`${textTable([header, ...rows]).join('\n')}\n\n`);
const admission = await measureAdmission();
process.stdout.write(`${textTable([['p50 ms', 'p99', 'first token, one at a time'], ...admission]).join('\n')}\n`);
process.stdout.write(`${load()}\n`);
process.exit(0);
