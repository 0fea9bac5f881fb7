import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { percentile } from '@eloquence/testkit/call-report';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { ask, type Target } from './ask.ts';
import { asOpenAi, startTts } from './processes.ts';
import { PacedVoice } from './voices.ts';

/**
 * First byte of a sentence that is kept, from memory and from disk (a proxy that has just started), beside the same request for
 * one that is not kept; and how often the vendor is asked when 50 callers want the same new sentence at once. Paired with
 * `GET /health`, before each hit, which is the machine and the way there. Goals: p99 of a hit <= 5 ms, one request.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { hits: { type: 'string', default: '500' }, phrases: { type: 'string', default: '100' } },
});
const PHRASES = Array.from(
  { length: Number(values.phrases) },
  (_, at) => `Bienvenue, vous êtes la personne numéro ${at}.`,
);
const CALLERS = 50;

await using vendor = await new PacedVoice().listen();
vendor.thinkMs = () => 150;
vendor.timesRealtime = 20;
const cacheDir = mkdtempSync(join(tmpdir(), 'bench-tts-cache-'));
const options = { providers: 'openai,none', env: asOpenAi(vendor), cacheDir, core: 0 };

/** First bytes of hits less that of an answer which is nothing but the way there. */
const added: number[] = [];

async function health({ url }: Target): Promise<number> {
  const startedMs = performance.now();
  await (await fetch(`${url}/health`)).arrayBuffer();
  return performance.now() - startedMs;
}

async function firstBytes(target: Target, inputs: readonly string[], wanted: string): Promise<number[]> {
  const list: number[] = [];
  for (const input of inputs) {
    const healthMs = await health(target);
    const { firstByteMs, headers } = await ask(target, { input, cache: 'public' });
    if (headers['x-eloquence-cache'] !== wanted) throw new Error(`a ${wanted} was expected for "${input}"`);
    list.push(firstByteMs);
    if (wanted === 'hit') added.push(firstByteMs - healthMs);
  }
  return list;
}

const row = (name: string, list: readonly number[]): string[] => [
  String(list.length),
  ...[0.5, 0.9, 0.99, 1].map((share) => show(percentile(list, share), 2)),
  name,
];

const load = watchLoad();
const rows: string[][] = [];
try {
  let asked = 0;
  {
    await using proxy = await startTts(options);
    rows.push(row('not kept (the vendor takes 150 ms)', await firstBytes(proxy, PHRASES, 'miss')));
    const again = Array.from({ length: Number(values.hits) }, (_, at) => PHRASES[at % PHRASES.length] as string);
    await firstBytes(proxy, PHRASES, 'hit');
    rows.push(row('memory', await firstBytes(proxy, again, 'hit')));
    const before = vendor.requests.length;
    const same = { input: 'Un instant, je vous prie.', cache: 'public' };
    await Promise.all(Array.from({ length: CALLERS }, () => ask(proxy, same)));
    asked = vendor.requests.length - before;
  }
  await using proxy = await startTts(options);
  rows.push(row('disk, after a restart', await firstBytes(proxy, PHRASES, 'hit')));
  rows.push(row('all hits, less the health request before each', added));
  const header = ['requests', 'first byte p50 ms', 'p90', 'p99', 'max', 'from'];
  process.stdout.write(`${textTable([header, ...rows]).join('\n')}\n`);
  process.stdout.write(`${CALLERS} callers of one new sentence at once: the vendor was asked ${asked} x\n${load()}\n`);
} finally {
  rmSync(cacheDir, { recursive: true, force: true });
}
