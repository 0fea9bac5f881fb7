import { parseArgs } from 'node:util';
import { percentile } from '@eloquence/testkit/call-report';
import { textTable } from '@eloquence/testkit/text-table';
import { FakeElevenLabs } from '@eloquence/testkit/vendors/elevenlabs';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { waitFor } from '@eloquence/testkit/wait-for';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { ask, type Target } from './ask.ts';
import { Gate } from './gate.ts';
import { asElevenLabs, asOpenAi, startTts } from './processes.ts';

/**
 * The preferred voice dies in four ways: how long until the first audible sample of the next, which is ElevenLabs' fake (it
 * answers at once) or espeak-ng. Before each call the preferred voice is well and has spoken some sentences, each after
 * `--usual-ms`: the proxy gives a silent voice twice its usual time. The last rows are calls while the proxy knows that it is
 * away. Goal: p95 <= 600 ms.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { rounds: { type: 'string', default: '20' }, 'usual-ms': { type: 'string', default: '200' } },
});
/** Each death teaches the proxy one or two late sounds; these keep what is usual, usual. */
const GOOD_SENTENCES = 5;
const SENTENCE = 'Bonjour et bienvenue dans cette conversation.';

await using preferred = await new FakeOpenAi().listen();
await using spare = await new FakeElevenLabs().listen();
await using gate = await Gate.open(preferred.url);

const deaths = [
  { name: 'refuses connections', die: () => gate.shut() },
  { name: 'hangs', die: () => void (preferred.mode = { type: 'slow', delayMs: 60_000 }) },
  { name: 'says 500', die: () => void (preferred.mode = { type: 'error', status: 500 }) },
  { name: 'cuts before the first byte', die: () => void (preferred.mode = { type: 'cut', afterPieces: 0 }) },
];

async function engineOf({ url }: Target): Promise<string | undefined> {
  const { engine } = (await (await fetch(`${url}/ready`)).json()) as { readonly engine?: { readonly id: string } };
  return engine?.id;
}

const spokenBy = async (target: Target) => (await ask(target, { input: SENTENCE })).headers['x-eloquence-engine'];

async function recover(proxy: Target): Promise<void> {
  preferred.mode = { type: 'slow', delayMs: Number(values['usual-ms']) };
  await gate.reopen();
  const what = 'the preferred voice speaks again';
  await waitFor(async () => (await engineOf(proxy))?.startsWith('openai'), { timeoutMs: 60_000, intervalMs: 50, what });
  for (let good = 0; good < GOOD_SENTENCES;) good += String(await spokenBy(proxy)).startsWith('openai') ? 1 : 0;
}

const load = watchLoad();
const rows: string[][] = [];
for (const next of ['elevenlabs', 'espeak']) {
  const env = { ...asOpenAi({ url: gate.url, apiKey: preferred.apiKey }), ...asElevenLabs(spare) };
  await using proxy = await startTts({ providers: `openai,${next},none`, env, core: 0 });
  const away: number[] = [];
  for (const { name, die } of deaths) {
    const list: number[] = [];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      await recover(proxy);
      await die();
      const heard = await ask(proxy, { input: SENTENCE });
      if (String(heard.headers['x-eloquence-engine']).startsWith('openai')) throw new Error('the dead voice spoke');
      list.push(heard.firstAudibleMs);
      while ((await engineOf(proxy))?.startsWith('openai')) await spokenBy(proxy);
      away.push((await ask(proxy, { input: SENTENCE })).firstAudibleMs);
    }
    rows.push(row(list, next, name));
  }
  rows.push(row(away, next, 'is known to be away'));
}

function row(list: readonly number[], next: string, name: string): string[] {
  const cells = [0.5, 0.95, 1].map((share) => show(percentile(list, share)));
  return [String(list.length), ...cells, `${next} after a voice that ${name}`];
}

const header = ['calls', 'first audible p50 ms', 'p95', 'max', 'who speaks'];
process.stdout.write(`${textTable([header, ...rows]).join('\n')}\n${load()}\n`);
