import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { ChatStream } from './chat-stream.ts';
import { modelAt, startApi, startStores, startVendor } from './processes.ts';

/**
 * What an open answer weighs: resident memory of api-backend with N streams open, each giving a token a second, less before.
 * The same number is opened and closed twice first, so that what is counted is the streams and not code and buffers that
 * come once. All are closed in the end, and what is left is told.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { streams: { type: 'string', default: '100,400' }, wire: { type: 'string', default: 'mistral' } },
});
const WIRE = values.wire === 'openai' ? 'openai' : 'mistral';
const WARM_UPS = 2;
const OPEN_MS = 4_000;
const SETTLE_MS = 3_000;

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const mb = (kb: number) => show(kb / 1024, 1);

const load = watchLoad();
const rows: string[][] = [];
{
  await using stores = await startStores();
  await using vendor = await startVendor();
  for (const count of values.streams.split(',').map(Number)) {
    await using api = await startApi({ stores, env: modelAt(vendor.origin, WIRE, 'trickle-1') });
    const headers = { 'x-session-id': await stores.openSession() };
    const pid = api.process.pid ?? 0;
    const open = async () => {
      let heard = 0;
      const streams = Array.from(
        { length: count },
        () => new ChatStream({ ...api.target, headers }, { onToken: (tokens) => (heard += tokens === 1 ? 1 : 0) }),
      );
      await sleep(OPEN_MS);
      return { streams, heard };
    };
    const close = async (streams: readonly ChatStream[]) => {
      for (const stream of streams) stream.abort();
      await Promise.all(streams.map(({ ended }) => ended));
      await sleep(SETTLE_MS);
    };
    for (let turn = 0; turn < WARM_UPS; turn += 1) await close((await open()).streams);
    const before = residentKb(pid);
    const { streams, heard } = await open();
    const during = residentKb(pid);
    await close(streams);
    const after = residentKb(pid);
    rows.push([String(count), String(heard), mb(before), mb(during), mb(after), show((during - before) / count, 1)]);
  }
}
const header = ['streams', 'heard', 'MB before', 'open', 'after', 'kB per stream'];
process.stdout.write(`${WIRE}\n${textTable([header, ...rows]).join('\n')}\n${load()}\n`);
process.exit(0);
