import { parseArgs } from 'node:util';
import { Listening } from '@eloquence/testkit/listening';
import { seededRandom } from '@eloquence/testkit/seeded-random';
import { demoSentences } from '@eloquence/testkit/sentences';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { normalizedWords, wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { percentile } from '@eloquence/testkit/call-report';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { KEY, startFixedEngine, startGateway, startWhisper } from './processes.ts';

/**
 * How soon and how well French is heard, through the real gateway and whisper-stt's demo model, by espeak-ng voices: from
 * the end of speech (its last sample sent) to the final, over sentences and over one-word answers, of which none may be
 * lost. Several speakers at once, each in real time. Then a minute without an end, for the forced
 * cuts; `--count 0` does only that.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    count: { type: 'string', default: '200' },
    sessions: { type: 'string', default: '4' },
    endpointing: { type: 'string', default: '300' },
    interims: { type: 'boolean', default: false },
    /** A meeting too, with a slow engine beside. */
    drafts: { type: 'boolean', default: false },
  },
});
const COUNT = Number(values.count);
const SESSIONS = Number(values.sessions);
/** What the demo model has heard while it was trained. */
const VOICES = ['fr-fr', 'fr-fr+m3', 'fr-fr+f2', 'fr-be', 'fr-ch'];
const SPEEDS_WPM = [130, 150, 165, 180];
const ANSWERS = ['oui', 'non', 'merci', "d'accord", 'allô', 'bonjour', 'demain', 'lundi', 'samedi', 'bonsoir'];
/** espeak-ng's speech ends this long before its samples do. */
const TAIL_SAMPLES = 800;
/** Silence after an utterance: the speaker waits for an answer. */
const REST = new Int16Array(1.2 * 16_000);

/** A final that takes longer than so many is lost. */
const MAX_RESTS = 5;

/** The VAD hears the end of a word a little early. */
const VAD_SLACK_S = 0.15;

interface Utterance {
  readonly text: string;
  readonly pcm: Int16Array;
}

interface Outcome {
  readonly said: string;
  readonly heard: string;
  readonly finalMs: number | undefined;
}

async function material(texts: readonly string[]): Promise<Utterance[]> {
  const found: Utterance[] = [];
  for (let index = 0; index < COUNT; index += 1) {
    const text = texts[index % texts.length] ?? '';
    const round = Math.floor(index / texts.length) + index;
    const options = {
      voice: VOICES[round % VOICES.length] ?? 'fr-fr',
      speedWpm: SPEEDS_WPM[Math.floor(round / VOICES.length) % SPEEDS_WPM.length] ?? 150,
    };
    found.push({ text, pcm: await synthesize(text, options) });
  }
  return found;
}

/** One speaker: says what is left of `queue`, one after the other. */
async function speak(url: string, queue: Utterance[], outcomes: Outcome[]): Promise<void> {
  const query = { endpointing: values.endpointing, interim_results: String(values.interims) };
  using client = await Listening.open({ url, key: KEY, query });
  for (let one = queue.shift(); one; one = queue.shift()) {
    const from = client.finals.length;
    const endedMs = await client.play(one.pcm, one.pcm.length - TAIL_SAMPLES);
    await client.play(REST);
    const hasFinal = () => client.finals.slice(from).some(({ text }) => text !== '');
    for (let rests = 1; rests < MAX_RESTS && !hasFinal(); rests += 1) await client.play(REST);
    const finals = client.finals.slice(from).filter(({ text }) => text !== '');
    const last = finals.at(-1);
    outcomes.push({
      said: one.text,
      heard: finals.map(({ text }) => text).join(' '),
      finalMs: last && last.atMs - endedMs,
    });
  }
  await client.finish();
}

async function measure(name: string, url: string, texts: readonly string[]): Promise<void> {
  const queue = await material(texts);
  const outcomes: Outcome[] = [];
  const load = watchLoad();
  await Promise.all(Array.from({ length: SESSIONS }, () => speak(url, queue, outcomes)));
  const times = outcomes.flatMap(({ finalMs }) => finalMs ?? []);
  const counts = outcomes.map(({ said, heard }) => wordErrorRate(said, heard));
  const errors = counts.reduce((sum, count) => sum + count.errors, 0);
  const words = counts.reduce((sum, count) => sum + count.referenceWords, 0);
  const lost = outcomes.filter(({ heard }) => heard === '');
  const wrong = outcomes.filter(
    ({ said, heard }) => normalizedWords(said).join(' ') !== normalizedWords(heard).join(' '),
  );
  process.stdout.write(
    `${name}: ${outcomes.length} utterances, ${SESSIONS} speakers at once, endpointing ${values.endpointing} ms\n` +
      `  end of speech -> final: p50 ${show(percentile(times, 0.5))} ms, p95 ${show(percentile(times, 0.95))} ms, most ${show(Math.max(...times))} ms\n` +
      `  word error rate ${show((100 * errors) / words, 1)} % of ${words} words; lost: ${lost.length}; not word for word: ${wrong.length}\n` +
      `${wrong
        .slice(0, 10)
        .map(({ said, heard }) => `    said "${said}", heard "${heard}"\n`)
        .join('')}  ${load()}\n`,
  );
}

/**
 * A minute of sentences with so short a pause between them that none ends an utterance, poured in: where it is cut, words
 * must be neither lost nor said twice. Beside it the same minute given to the model whole, which has its own trouble
 * with it: it learnt single sentences, and cuts at its window of 10 s by itself.
 */
async function chain(url: string, whisperUrl: string, pauseMs: number): Promise<void> {
  const random = seededRandom(4);
  const texts: string[] = [];
  const parts: Int16Array[] = [];
  for (let samples = 0; samples < 60 * 16_000;) {
    const text = demoSentences[Math.floor(random() * demoSentences.length)] ?? '';
    const pcm = await synthesize(text);
    texts.push(text);
    parts.push(pcm.subarray(0, pcm.length - TAIL_SAMPLES), new Int16Array(pauseMs * 16));
    samples += pcm.length;
  }
  const said = texts.join(' ');
  using client = await Listening.open({ url, key: KEY, query: { endpointing: '500' } });
  for (const part of parts) await client.pour(part);
  await client.finish();
  const cuts = client.finals.filter(({ pause }) => !pause).map(({ endS }) => show(endS, 1));
  const through = wordErrorRate(said, client.text);
  const whole = wordErrorRate(said, await transcribe(whisperUrl, parts));
  process.stdout.write(
    `${show(client.sentS, 1)} s, pauses of ${pauseMs} ms: cut at ${cuts.join(', ')} s; of ${through.referenceWords} words ` +
      `${through.errors} wrong through the gateway, ${whole.errors} by the model alone\n`,
  );
}

/**
 * A meeting (`mode=micro_batch`), in real time: how far behind the speech the first text that covers it comes, of the
 * ends of all sentences.
 */
async function drafts(name: string, engineUrl: string): Promise<void> {
  await using gateway = await startGateway(engineUrl);
  const sentences = await Promise.all(demoSentences.slice(0, 36).map((text) => synthesize(text)));
  using client = await Listening.open({ url: gateway.url, key: KEY, query: { mode: 'micro_batch' } });
  const ends: { readonly atS: number; readonly atMs: number }[] = [];
  for (const pcm of sentences) {
    const speech = pcm.subarray(0, pcm.length - TAIL_SAMPLES);
    const atMs = await client.play(speech);
    ends.push({ atS: client.sentS, atMs });
    await client.play(new Int16Array(400 * 16));
  }
  await client.finish();
  const told = [...client.interims, ...client.finals].toSorted((a, b) => a.atMs - b.atMs);
  const lags = ends.map(({ atS, atMs }) => {
    const first = told.find(({ text, endS }) => text !== '' && endS >= atS - VAD_SLACK_S);
    return first ? first.atMs - atMs : Infinity;
  });
  const durable = client.finals.map(({ startS, endS }) => show(endS - startS, 1)).join(', ');
  process.stdout.write(
    `a meeting of ${show(client.sentS, 0)} s, ${name}: first text of a sentence p50 ${show(percentile(lags, 0.5))} ms, most ` +
      `${show(Math.max(...lags))} ms behind it; ${client.interims.length} drafts; windows of ${durable} s\n`,
  );
}

async function transcribe(url: string, parts: readonly Int16Array[]): Promise<string> {
  const response = await fetch(`${url}/v1/audio/transcriptions?language=fr&response_format=text`, {
    method: 'POST',
    headers: { 'content-type': 'audio/pcm;rate=16000', authorization: `Bearer ${KEY}` },
    body: Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))),
  });
  return response.text();
}

await using whisper = await startWhisper();
await using gateway = await startGateway(whisper.url);
if (COUNT > 0) {
  await measure('sentences', gateway.url, demoSentences);
  await measure('one-word answers', gateway.url, ANSWERS);
}
if (values.drafts) {
  await using slow = await startFixedEngine({ serviceMs: 3_000 });
  await Promise.all([drafts('whisper-stt', whisper.url), drafts('an engine that takes 3 s for each call', slow.url)]);
}
for (const pauseMs of [350, 200, 0]) await chain(gateway.url, whisper.url, pauseMs);
