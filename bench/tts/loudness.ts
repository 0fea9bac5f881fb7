import { loudnessOf, type Loudness } from '@eloquence/testkit/loudness';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';
import { ask } from './ask.ts';
import { asOpenAi, startTts } from './processes.ts';
import { espeakPcm, PacedVoice } from './voices.ts';

/**
 * How far apart providers are in loudness, by ffmpeg's ebur128, as they make it and as the proxy gives it. They are voices of
 * espeak-ng, made louder and quieter, behind a fake of OpenAI's wire; the last is espeak-ng itself, which the proxy has measured
 * at its start. Goal: spread <= 1.5 LU over sentences after the first.
 */
const SENTENCES = [
  'Bonjour madame, je suis ravie de vous entendre aujourd’hui.',
  'Votre rendez-vous est fixé au mardi douze mars à quatorze heures trente.',
  'Avez-vous d’autres questions avant que nous commencions ?',
  'Pensez à prendre une pièce d’identité et votre convocation.',
  'Très bien, je vous souhaite une excellente journée.',
];
const voices = [
  { name: 'quiet woman', voice: 'fr+f3', db: -12 },
  { name: 'loud woman', voice: 'fr+f2', db: 9 },
  { name: 'quiet man', voice: 'fr+m4', db: -9 },
  { name: 'loud man', voice: 'fr+m3', db: 6 },
  { name: 'as it is', voice: 'fr', db: 0 },
  { name: 'espeak-ng itself', voice: 'fr', db: 0, isLocal: true },
];

interface Measured {
  readonly name: string;
  readonly raw: Loudness | undefined;
  readonly first: Loudness | undefined;
  readonly later: Loudness | undefined;
}

const joined = (pieces: readonly Int16Array[]) => Int16Array.from(pieces.flatMap((piece) => [...piece]));
const samplesOf = (bytes: Buffer) =>
  new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

async function measure({ name, voice, db, isLocal = false }: (typeof voices)[number]): Promise<Measured> {
  await using vendor = await new PacedVoice().listen();
  vendor.soundOf = (text) => espeakPcm(text, voice, db);
  await using proxy = await startTts(
    isLocal
      ? { providers: 'espeak,none' }
      : { providers: 'openai,none', env: { ...asOpenAi(vendor), TTS_HEDGE_MS: '10000' } },
  );
  const heard: Int16Array[] = [];
  for (const input of SENTENCES) heard.push((await ask(proxy, { input, voice: 'coach-fr' })).pcm);
  const raw = SENTENCES.map((text) => samplesOf(espeakPcm(text, voice, db)));
  return {
    name,
    raw: await loudnessOf(joined(raw)),
    first: await loudnessOf(heard[0] as Int16Array),
    later: await loudnessOf(joined(heard.slice(1))),
  };
}

const lufs = (loudness: Loudness | undefined) => show(loudness?.integratedLufs ?? null, 1);
const all: Measured[] = [];
for (const voice of voices) all.push(await measure(voice));
const rows = all.map(({ name, raw, first, later }) => [
  lufs(raw),
  lufs(first),
  lufs(later),
  show(later?.truePeakDb ?? null, 1),
  name,
]);
const spread = (pick: (one: Measured) => Loudness | undefined) => {
  const list = all.map((one) => pick(one)?.integratedLufs ?? Number.NaN);
  return show(Math.max(...list) - Math.min(...list), 1);
};
rows.push([spread(({ raw }) => raw), spread(({ first }) => first), spread(({ later }) => later), '', 'spread, LU']);
const header = ['made LUFS', 'first sentence', 'the others', 'peak dBTP', 'voice'];
process.stdout.write(`${textTable([header, ...rows]).join('\n')}\n`);
