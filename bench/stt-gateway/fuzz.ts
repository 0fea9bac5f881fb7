import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fuzzSpeechSockets } from '@eloquence/testkit/speech-socket-fuzz';
import { textTable } from '@eloquence/testkit/text-table';
import { percentile } from '@eloquence/testkit/call-report';
import { show } from '../figures.ts';
import { KEY, startFixedEngine, startGateway } from './processes.ts';
import { Witness } from './witness.ts';

/**
 * What becomes of the gateway when clients have no manners: `--messages` random ones per wire, in `--rounds` rounds to see
 * whether memory keeps growing. Beside them one client behaves; how long it waits for its answers is printed too.
 * `--seed` decides which messages.
 */
const options = Object.fromEntries(
  process.argv.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2).split('=')),
);
const messages = Number(options['messages'] ?? 10_000);
const rounds = Number(options['rounds'] ?? 3);
const seed = Number(options['seed'] ?? 1);
/** What goes away by itself, decodes under way and closing sockets, may do so before memory is read. */
const SETTLE_MS = 3_000;

await using engine = await startFixedEngine({ serviceMs: 5 });
await using gateway = await startGateway(engine.url);
await using witness = await Witness.open(gateway.url);
const rows: string[][] = [];
process.stdout.write(`${messages} messages per round and wire, seed ${seed}; RSS before: ${rssMb()} MB\n`);
for (let round = 1; round <= rounds; round += 1)
  for (const wire of ['listen', 'realtime'] as const) {
    const startedMs = performance.now();
    const report = await fuzzSpeechSockets({ wire, url: gateway.url, key: KEY, messages, seed: seed * 10 + round });
    const tookS = (performance.now() - startedMs) / 1000;
    const peak = rssMb();
    await sleep(SETTLE_MS);
    const waits = witness.take();
    rows.push([
      `${wire} ${round}`,
      String(report.sent),
      String(report.sockets),
      list(report.closes),
      list(report.refused),
      tookS.toFixed(1),
      `${peak} / ${rssMb()}`,
      `${waits.length}: ${show(percentile(waits, 0.5))} / ${show(percentile(waits, 1))}`,
    ]);
    process.stdout.write(`${wire} ${round}: answers ${list(report.answers)}\n`);
  }
const head = [
  'wire, round',
  'sent',
  'sockets',
  'closes',
  'refused',
  's',
  'RSS MB at end / 3 s later',
  'witness p50 / max ms',
];
process.stdout.write(`${textTable([head, ...rows]).join('\n')}\n`);
const health = await fetch(`${gateway.url}/health`);
process.stdout.write(`health after: ${health.status}; open streams: ${await openStreams()}\n`);

function rssMb(): number {
  const status = readFileSync(`/proc/${gateway.process.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

async function openStreams(): Promise<string> {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  return /^eloquence_stt_streams (\d+)/m.exec(metrics)?.[1] ?? 'unknown';
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');
}
