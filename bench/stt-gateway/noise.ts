import { parseArgs } from 'node:util';
import { Listening } from '@eloquence/testkit/listening';
import { noise, noiseKinds, type NoiseKind } from '@eloquence/testkit/noises';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { KEY, startGateway, startWhisper } from './processes.ts';

/**
 * What is heard where nobody speaks: silence, noises, tones and music, through the real gateway and whisper-stt's demo
 * model, which writes words for any tone it is given. Poured in as fast as the gateway takes it, and for a part in real
 * time. The right number of words is 0.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    minutes: { type: 'string', default: '60' },
    /** Of these in real time, all kinds at once. */
    'live-seconds': { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const SECONDS_EACH = (60 * Number(values.minutes)) / noiseKinds.length;
const STRETCH_S = 60;

interface Row {
  readonly kind: NoiseKind;
  readonly audioS: number;
  readonly tookS: number;
  readonly heard: readonly string[];
  /** Finals that came to nothing: the VAD took it for speech, the guards or the model did not. */
  readonly empty: number;
}

async function listen(url: string, kind: NoiseKind, how: { live: boolean; seconds: number }): Promise<Row> {
  const startedMs = performance.now();
  using client = await Listening.open({ url, key: KEY, query: { endpointing: '300' } });
  for (let at = 0; at < how.seconds; at += STRETCH_S) {
    const pcm = noise(kind, Math.min(STRETCH_S, how.seconds - at), Number(values.seed) * 1000 + at);
    await (how.live ? client.play(pcm) : client.pour(pcm));
  }
  await client.finish();
  const heard = client.finals.flatMap(({ text }) => text || []);
  const tookS = (performance.now() - startedMs) / 1000;
  return { kind, audioS: client.sentS, tookS, heard, empty: client.finals.length - heard.length };
}

function report(title: string, rows: readonly Row[]): void {
  const cells = rows.map(({ kind, audioS, tookS, heard, empty }) => [
    show(audioS / 60, 1),
    show(tookS, 1),
    String(empty),
    String(heard.length),
    `${kind}${heard.length > 0 ? `: ${heard.slice(0, 5).join(' | ')}` : ''}`,
  ]);
  const words = rows.reduce((sum, { heard }) => sum + heard.join(' ').split(' ').filter(Boolean).length, 0);
  const minutes = rows.reduce((sum, { audioS }) => sum + audioS / 60, 0);
  process.stdout.write(
    `${title}\n${textTable([['minutes', 'took s', 'empty finals', 'finals with words', 'kind'], ...cells]).join('\n')}\n` +
      `${words} words in ${show(minutes, 1)} minutes of no speech\n`,
  );
}

await using whisper = await startWhisper();
await using gateway = await startGateway(whisper.url);
const load = watchLoad();
const poured: Row[] = [];
for (const kind of noiseKinds) poured.push(await listen(gateway.url, kind, { live: false, seconds: SECONDS_EACH }));
report('As fast as the gateway takes it', poured);
const seconds = Number(values['live-seconds']);
report('In real time', await Promise.all(noiseKinds.map((kind) => listen(gateway.url, kind, { live: true, seconds }))));
process.stdout.write(`${load()}\n`);
