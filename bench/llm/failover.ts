import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from '@eloquence/testkit/call-report';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { ChatStream, firstTokenMs, nowNs, type Streamed, type Target } from './chat-stream.ts';
import { modelAt, startApi, startStores, startVendor, type Stores, type Vendor } from './processes.ts';

/**
 * How long a caller waits when the first model fails: to the first token where it refuses, errs or hangs, and the longest
 * gap where it breaks off in the middle. Two models behind different wires at one fake vendor, each with its first token
 * after 20 ms and the others 10 ms apart; the first fails on every Nth request, so that its circuit breaker stays closed and every failure is met
 * unprepared. A model that cannot be connected to opens the breaker at once, so that row takes a new api-backend each time.
 *
 * Then how long it takes the model's socket to close after a caller has hung up.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { times: { type: 'string', default: '20' }, aborts: { type: 'string', default: '200' } },
});
const TIMES = Number(values.times);
const ABORTS = Number(values.aborts);
const RESTARTS = 5;
/** One request in so many fails: more often, and the retry budget would leave some failures as they are. */
const RARE = 10;
/** A model that often takes its time is given more of it. */
const VERY_RARE = 30;
/** Tokens heard before hanging up. */
const HEARD = 3;
const SETTLE_MS = 300;
/** Answers of a fifth of a second, because there are hundreds. */
const SHORT = { gapMs: 10, tokens: 20 };

const order = { LLM_TALK: 'openai,mistral' };
const ask = (target: Target) => new ChatStream(target).ended;

/** Longest time without a token, from the first one on, ms. */
function longestGapMs({ tokens }: Streamed): number {
  return Math.max(...tokens.map(({ cameNs }, at) => (at === 0 ? 0 : (cameNs - (tokens[at - 1]?.cameNs ?? 0)) / 1e6)));
}

function row(name: string, list: readonly number[], whole: number): string[] {
  const figures = [percentile(list, 0.5), percentile(list, 0.95), Math.max(...list)].map((value) => show(value, 1));
  return [String(list.length), String(whole), ...figures, name];
}

interface Parts {
  readonly stores: Stores;
  readonly vendor: Vendor;
}

/** @param every one request in so many meets the fault */
async function measure({ stores, vendor }: Parts, kind: string, every: number, times: number): Promise<string[]> {
  const env = {
    ...modelAt(vendor.origin, 'openai', `${kind}-${every}`),
    ...modelAt(vendor.origin, 'mistral'),
    ...order,
  };
  await using api = await startApi({ stores, env });
  const met: Streamed[] = [];
  for (let turn = 1; turn <= times * every; turn += 1) {
    const streamed = await ask(api.target);
    if (turn % every === 0) met.push(streamed);
  }
  const figure = kind === 'cut' ? longestGapMs : firstTokenMs;
  const what = kind === 'cut' ? 'breaks off in mid-answer: longest gap' : `${kind}: first token`;
  return row(what, met.map(figure), met.filter(({ done }) => done).length);
}

async function measureRefused({ stores, vendor }: Parts): Promise<string[]> {
  const met: Streamed[] = [];
  for (let turn = 0; turn < RESTARTS; turn += 1) {
    await using dying = await startVendor(SHORT);
    const env = { ...modelAt(dying.origin, 'openai'), ...modelAt(vendor.origin, 'mistral'), ...order };
    await using api = await startApi({ stores, env });
    for (let warm = 0; warm < 10; warm += 1) await ask(api.target);
    await dying[Symbol.asyncDispose]();
    met.push(await ask(api.target));
  }
  return row('gone (connection refused): first token', met.map(firstTokenMs), met.filter(({ done }) => done).length);
}

async function measureAborts({ stores, vendor }: Parts, wire: 'mistral' | 'openai'): Promise<string[]> {
  await using api = await startApi({ stores, env: modelAt(vendor.origin, wire) });
  const hungUpNs = new Map<string, number>();
  for (let turn = 0; turn < ABORTS; turn += 1) {
    const name = `abort-${turn}`;
    const stream = new ChatStream(api.target, {
      name,
      onToken: (count) => {
        if (count !== HEARD) return;
        hungUpNs.set(name, nowNs());
        stream.abort();
      },
    });
    await stream.ended;
  }
  await sleep(SETTLE_MS);
  const ends = await vendor.ends();
  const times = [...hungUpNs].map(([name, ns]) => ((ends.get(name) ?? Number.NaN) - ns) / 1e6);
  const closed = times.filter((ms) => !Number.isNaN(ms));
  return row(`${wire}: caller hangs up -> the model's socket is closed`, closed, closed.length);
}

const load = watchLoad();
{
  await using stores = await startStores();
  await using vendor = await startVendor(SHORT);
  const parts = { stores, vendor };
  const rows: string[][] = [];
  rows.push(await measure(parts, 'ok', 1, TIMES));
  rows.push(await measure(parts, '500', RARE, TIMES));
  rows.push(await measureRefused(parts));
  rows.push(await measure(parts, 'hang', VERY_RARE, 4));
  rows.push(await measure(parts, 'cut', RARE, TIMES));
  rows.push(await measureAborts(parts, 'openai'), await measureAborts(parts, 'mistral'));
  process.stdout.write(`${textTable([['times', 'whole', 'p50 ms', 'p95', 'longest', 'what'], ...rows]).join('\n')}\n`);
}
process.stdout.write(`${load()}\n`);
process.exit(0);
