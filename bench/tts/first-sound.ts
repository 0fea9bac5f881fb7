import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from '@eloquence/testkit/call-report';
import { findProgram } from '@eloquence/testkit/processes';
import { textTable } from '@eloquence/testkit/text-table';
import { tone } from '@eloquence/testkit/vendors/tone';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { ask, Listener, type Target } from './ask.ts';
import { asOpenAi, startTts } from './processes.ts';
import { SpeakSocket } from './speak-socket.ts';
import { PacedVoice } from './voices.ts';

/**
 * First audible sample of an answer of 400 characters, from the moment its first token is there. `whole`: the text goes to the
 * voice in one piece, without us. `cut`: through the proxy, which cuts it. `at once`: the text is there when it begins; `as
 * written`: it comes as a language model writes it, a token of 4 characters every 20 ms, and `whole` has to wait for its end.
 */
const { values } = parseArgs({ args: process.argv.slice(3), options: { rounds: { type: 'string', default: '15' } } });
const TEXT =
  'Bonjour madame, je suis ravie de vous entendre et je vais répondre à votre question dans un instant. ' +
  'Votre rendez-vous est fixé au mardi douze mars à quatorze heures trente, au deuxième étage du bâtiment principal. ' +
  'Pensez à prendre une pièce d’identité et votre convocation, que vous avez reçue par courrier la semaine dernière. ' +
  'Souhaitez-vous que je vous envoie un rappel la veille de votre visite ?';
const TOKEN_CHARS = 4;
const TOKEN_MS = 20;
const LEADING_SILENCE_S = 0.12;
/** A calm French voice. */
const CHARS_PER_S = 15;

const speechOf = (text: string) =>
  tone({ seconds: text.length / CHARS_PER_S, leadingSilenceS: LEADING_SILENCE_S, frequencyHz: 220, level: 0.3 });

const voices = [
  { name: 'espeak-ng' },
  { name: 'streams: 250 ms, then 3 x realtime', thinkMs: () => 250, timesRealtime: 3 },
  {
    name: 'makes all, then gives it: 150 ms, 8 x realtime',
    thinkMs: (text: string) => 150 + (text.length / CHARS_PER_S / 8) * 1000,
    timesRealtime: Infinity,
  },
] as const;

/** espeak-ng itself with the whole text. */
function espeakAlone(): Promise<number> {
  const listener = new Listener();
  const child = spawn(findProgram('espeak-ng'), ['-v', 'fr', '-s', '160', '-b', '1', '--stdin', '--stdout'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.end(TEXT);
  let header = 44;
  child.stdout.on('data', (chunk: Buffer) => {
    const sound = chunk.subarray(Math.min(header, chunk.length));
    header -= chunk.length - sound.length;
    if (sound.length > 0) listener.push(sound);
  });
  return new Promise((resolve) => {
    child.once('close', () => resolve(listener.firstAudibleMs));
  });
}

/** Calls back with every token when a language model would have written it; resolves after the last. */
async function write(onToken: (token: string) => void): Promise<void> {
  const startedMs = performance.now();
  for (let at = 0; at < TEXT.length; at += TOKEN_CHARS) {
    await sleep(Math.max(0, startedMs + (at / TOKEN_CHARS) * TOKEN_MS - performance.now()));
    onToken(TEXT.slice(at, at + TOKEN_CHARS));
  }
}

const writtenMs = (TEXT.length / TOKEN_CHARS) * TOKEN_MS;

async function asWritten(proxy: Target): Promise<number> {
  using socket = await SpeakSocket.open(proxy);
  const listener = socket.listen();
  await write((token) => socket.write(token));
  await socket.flush();
  return listener.firstAudibleMs;
}

const load = watchLoad();
const rows: string[][] = [];
await using vendor = await new PacedVoice().listen();
vendor.soundOf = speechOf;
for (const voice of voices) {
  const isLocal = !('thinkMs' in voice);
  if (!isLocal) Object.assign(vendor, { thinkMs: voice.thinkMs, timesRealtime: voice.timesRealtime });
  await using proxy = await startTts({
    providers: isLocal ? 'espeak,none' : 'openai,none',
    env: isLocal ? {} : { ...asOpenAi(vendor), TTS_HEDGE_MS: '10000' },
  });
  const direct = { url: vendor.url, key: vendor.apiKey };
  const lists: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const whole = isLocal ? await espeakAlone() : (await ask(direct, { input: TEXT })).firstAudibleMs;
    lists[0].push(whole);
    lists[1].push((await ask(proxy, { input: TEXT, voice: 'coach-fr' })).firstAudibleMs);
    lists[2].push(writtenMs + whole);
    lists[3].push(await asWritten(proxy));
  }
  rows.push([...lists.flatMap((list) => [show(percentile(list, 0.5)), show(percentile(list, 0.95))]), voice.name]);
}
const header = [
  'at once, whole p50 ms',
  'p95',
  'cut p50',
  'p95',
  'as written, whole p50',
  'p95',
  'cut p50',
  'p95',
  'voice',
];
process.stdout.write(`${textTable([header, ...rows]).join('\n')}\n`);
process.stdout.write(
  `${TEXT.length} characters, written in ${show(writtenMs)} ms; ${values.rounds} rounds\n${load()}\n`,
);
