import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from '@eloquence/testkit/call-report';
import { textTable } from '@eloquence/testkit/text-table';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import type { VendorMode } from '@eloquence/testkit/vendors/fake-vendor';
import { waitFor } from '@eloquence/testkit/wait-for';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { ask } from './ask.ts';
import { asOpenAi, startTts } from './processes.ts';
import { SpeakSocket } from './speak-socket.ts';

/**
 * A caller hangs up: how long until the vendor sees its socket closed. Both ends are in this process and read one clock. Paired
 * with hanging up on the vendor directly. Goal: <= 10 ms.
 */
const { values } = parseArgs({ args: process.argv.slice(3), options: { rounds: { type: 'string', default: '100' } } });
const SENTENCE = 'Bonjour et bienvenue dans cette conversation.';
/** Somewhere in the sentence, which never ends. */
const HEARD_MS = 30;

await using vendor = await new FakeOpenAi().listen();
await using proxy = await startTts({ providers: 'openai,none', env: asOpenAi(vendor), core: 0 });

/** Begins to ask; resolves with how to hang up. */
type Caller = () => Promise<() => void>;

const onRest =
  (target: Parameters<typeof ask>[0]): Caller =>
  async () => {
    const abort = new AbortController();
    ask(target, { input: SENTENCE }, { signal: abort.signal }).catch(() => undefined);
    return () => abort.abort();
  };

const onSocket: Caller = async () => {
  const socket = await SpeakSocket.open(proxy);
  socket.write(`${SENTENCE} `);
  return () => socket[Symbol.dispose]();
};

async function closedAfterMs(caller: Caller): Promise<number> {
  const before = vendor.requests.length;
  const hangUp = await caller();
  const request = await waitFor(() => vendor.requests[before], { intervalMs: 1, what: 'the vendor is asked' });
  await sleep(HEARD_MS);
  const startedMs = performance.now();
  hangUp();
  await request.outcome;
  return performance.now() - startedMs;
}

const modes = [
  { name: 'before the first byte', mode: { type: 'slow', delayMs: 60_000 } },
  { name: 'in mid-sentence', mode: { type: 'stall' } },
] as const satisfies readonly { name: string; mode: VendorMode }[];
const callers = [
  { name: 'vendor itself', caller: onRest({ url: vendor.url, key: vendor.apiKey }) },
  { name: 'speech', caller: onRest(proxy) },
  { name: 'speak', caller: onSocket },
];

const load = watchLoad();
const rows: string[][] = [];
for (const { name: moment, mode } of modes) {
  vendor.mode = mode;
  const lists = callers.map(() => [] as number[]);
  for (let round = 0; round < Number(values.rounds); round += 1)
    for (const [at, { caller }] of callers.entries()) lists[at]?.push(await closedAfterMs(caller));
  for (const [at, { name }] of callers.entries()) {
    // The first warm the code up.
    const list = lists[at]?.slice(5) ?? [];
    const cells = [0.5, 0.9, 0.99, 1].map((share) => show(percentile(list, share), 2));
    rows.push([String(list.length), ...cells, `${name}, ${moment}`]);
  }
}
const header = ['calls', 'closed after p50 ms', 'p90', 'p99', 'max', 'hung up on'];
process.stdout.write(`${textTable([header, ...rows]).join('\n')}\n${load()}\n`);
