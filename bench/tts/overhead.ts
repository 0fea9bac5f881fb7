import { parseArgs } from 'node:util';
import { percentile } from '@eloquence/testkit/call-report';
import { textTable } from '@eloquence/testkit/text-table';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { stopwatch } from '../thread-times.ts';
import { ask } from './ask.ts';
import { asOpenAi, startTts } from './processes.ts';
import { SpeakSocket } from './speak-socket.ts';

/**
 * What the proxy adds to the first byte of a sentence. Pairs: the same sentence straight to a fake OpenAI that answers at
 * once, and through the proxy to the same fake, in turns; so many at the same time. The fake and this process share core 1,
 * the proxy has core 0. On /v1/speak the sentence is written without a flush, on a socket that is open: its end is what
 * begins it. CPU: of the whole sentence, by the proxy.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { parallel: { type: 'string', default: '1,8,32' }, rounds: { type: 'string', default: '300' } },
});
const WARM_UP_ROUNDS = 5;
const SENTENCE = 'Bonjour et bienvenue dans cette conversation.';

await using vendor = await new FakeOpenAi().listen();
await using proxy = await startTts({ providers: 'openai,none', env: asOpenAi(vendor), core: 0 });
const direct = { url: vendor.url, key: vendor.apiKey };

async function together(count: number, once: () => Promise<number>): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, once));
}

const throughRest = async () => (await ask(proxy, { input: SENTENCE })).firstByteMs;
const straight = async () => (await ask(direct, { input: SENTENCE })).firstByteMs;

/** One sentence on an open socket, without a flush before its first sound. */
function onSocket(socket: SpeakSocket): () => Promise<number> {
  return async () => {
    const listener = socket.listen();
    const sound = socket.sound();
    socket.write(`${SENTENCE} `);
    await sound;
    await socket.flush();
    return listener.firstByteMs;
  };
}

async function measure(wire: string, count: number, through: () => Promise<number[]>): Promise<string[]> {
  const rounds = Math.ceil(Number(values.rounds) / count) + WARM_UP_ROUNDS;
  const pid = proxy.process.pid ?? 0;
  let stop = stopwatch(pid, []);
  const pairs: { readonly direct: number; readonly through: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = await together(count, straight);
    const after = await through();
    // The first rounds open connections and warm the code up.
    if (round === WARM_UP_ROUNDS - 1) stop = stopwatch(pid, []);
    if (round >= WARM_UP_ROUNDS)
      for (const [at, ms] of before.entries()) pairs.push({ direct: ms, through: after[at] as number });
  }
  const columns = [
    pairs.map((pair) => pair.direct),
    pairs.map((pair) => pair.through),
    pairs.map((pair) => pair.through - pair.direct),
  ];
  const cells = columns.flatMap((list) => [show(percentile(list, 0.5), 2), show(percentile(list, 0.99), 2)]);
  const { main, rest } = stop();
  const cpu = [main.runUs + rest.runUs, main.waitUs].map((us) => show(us / 1000 / pairs.length, 2));
  return [wire, String(count), String(pairs.length), ...cells, ...cpu];
}

const load = watchLoad();
const rows: string[][] = [];
for (const count of values.parallel.split(',').map(Number)) {
  rows.push(await measure('speech', count, () => together(count, throughRest)));
  const sockets = await Promise.all(Array.from({ length: count }, () => SpeakSocket.open(proxy)));
  const speakers = sockets.map(onSocket);
  rows.push(await measure('speak', count, () => Promise.all(speakers.map((speak) => speak()))));
  for (const socket of sockets) socket[Symbol.dispose]();
}
const header = [
  'wire',
  'parallel',
  'pairs',
  'direct p50 ms',
  'p99',
  'through p50',
  'p99',
  'added p50',
  'p99',
  'CPU ms',
  'waited for a core ms',
];
process.stdout.write(`${textTable([header, ...rows]).join('\n')}\n${load()}\n`);
