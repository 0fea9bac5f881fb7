import { execFile } from 'node:child_process';
import { openAsBlob, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { transcriptionEventSchema } from '@eloquence/shared/contracts/transcriptions';
import { demoSentences } from '@eloquence/testkit/sentences';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { parseEventStream } from '@eloquence/testkit/sse';
import { normalizedWords, wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { percentile } from '@eloquence/testkit/call-report';
import { show } from '../figures.ts';
import { KEY, startGateway, startWhisper, type Running } from './processes.ts';

/**
 * Recordings through `POST /v1/audio/transcriptions`, whisper-stt's demo model behind: how quickly a short one is
 * answered, by container; then one of `--hours` (minutes of sparse speech, again and again) with `stream=true`: speed,
 * word error rate, and the gateway's memory before, at most and after, with ffmpeg's beside it.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    hours: { type: 'string', default: '4' },
    container: { type: 'string', default: 'ogg' },
    short: { type: 'string', default: '30' },
  },
});
const HOURS = Number(values.hours);
const SHORT = Number(values.short);
const SENTENCES_PER_MINUTE = 6;
const MINUTES_MADE = 5;

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'bench-files-'));

const codecs: Readonly<Record<string, readonly string[]>> = {
  wav: ['-ar', '48000', '-ac', '2'],
  ogg: ['-c:a', 'libopus', '-b:a', '24k'],
  mp3: ['-b:a', '64k'],
  m4a: ['-b:a', '64k'],
};

async function encode(pcm: Int16Array, name: string, container: string): Promise<string> {
  const path = join(folder, `${name}.${container}`);
  const input = ['-v', 'error', '-y', '-f', 's16le', '-ar', '16000', '-i', 'pipe:0'];
  const call = run('ffmpeg', [...input, ...(codecs[container] ?? []), path]);
  call.child.stdin?.end(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength));
  await call;
  return path;
}

/** Some minutes with a sentence every ten seconds, and what is said in them. */
async function minutes(): Promise<{ readonly pcm: Int16Array; readonly text: string }> {
  const pcm = new Int16Array(MINUTES_MADE * 60 * 16_000);
  const said = demoSentences.slice(0, MINUTES_MADE * SENTENCES_PER_MINUTE);
  for (const [index, sentence] of said.entries())
    pcm.set((await synthesize(sentence)).subarray(0, 9 * 16_000), (index * 60 * 16_000) / SENTENCES_PER_MINUTE + 8_000);
  return { pcm, text: said.join(' ') };
}

async function post(url: string, path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries({ model: 'whisper-1', language: 'fr', ...fields }))
    body.append(name, value);
  body.append('file', await openAsBlob(path), 'recording');
  const headers = { authorization: `Bearer ${KEY}` };
  const response = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response;
}

async function short(gateway: Running): Promise<void> {
  const pcm = await synthesize('je voudrais prendre un rendez-vous pour une coupe vendredi');
  for (const container of Object.keys(codecs)) {
    const path = await encode(pcm, 'short', container);
    const tookMs: number[] = [];
    for (let index = 0; index < SHORT; index += 1) {
      const startedMs = performance.now();
      await (await post(gateway.url, path, {})).text();
      // The first warms up.
      if (index > 0) tookMs.push(performance.now() - startedMs);
    }
    const [p50, p95] = [percentile(tookMs, 0.5), percentile(tookMs, 0.95)];
    print(`${show(pcm.length / 16_000, 1)} s of ${container}: p50 ${show(p50)} ms, p95 ${show(p95)} ms`);
  }
}

/** Resident memory of one process, MB; 0 when it has gone. */
function residentOf(pid: string): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The same of a process and of its children. */
function memory(pid: number | undefined): { readonly own: number; readonly children: number } {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return { own: residentOf(String(pid)), children: children.reduce((sum, id) => sum + residentOf(id), 0) };
}

async function long(gateway: Running): Promise<void> {
  const { pcm, text } = await minutes();
  const rounds = Math.round((HOURS * 60) / MINUTES_MADE);
  const piece = await encode(pcm, 'piece', values.container);
  const path = join(folder, `long.${values.container}`);
  await run('ffmpeg', ['-v', 'error', '-y', '-stream_loop', String(rounds - 1), '-i', piece, '-c', 'copy', path]);
  const { pid } = gateway.process;
  const before = memory(pid);
  let most = before;
  const timer = setInterval(() => {
    const now = memory(pid);
    most = { own: Math.max(most.own, now.own), children: Math.max(most.children, now.children) };
  }, 500);
  const startedMs = performance.now();
  let firstMs = Number.NaN;
  let heard = '';
  let durationS = 0;
  const response = await post(gateway.url, path, { stream: 'true' });
  if (!response.body) throw new Error('the answer has no body');
  for await (const { data } of parseEventStream(response.body.pipeThrough(new TextDecoderStream()))) {
    const event = transcriptionEventSchema.parse(JSON.parse(data));
    if (event.type === 'transcript.text.delta' && Number.isNaN(firstMs)) firstMs = performance.now() - startedMs;
    if (event.type === 'transcript.text.done') [heard, durationS] = [event.text, event.duration];
  }
  clearInterval(timer);
  const tookS = (performance.now() - startedMs) / 1000;
  print(
    `${show(durationS / 3600, 2)} h of ${values.container}: ${show(tookS)} s, ${show(durationS / tookS, 1)}x realtime`,
  );
  // Aligning hours word by word takes as long as hearing them: the first round stands for all.
  const words = normalizedWords(text).length;
  const { rate } = wordErrorRate(text, normalizedWords(heard).slice(0, words).join(' '));
  print(
    `first text after ${show(firstMs)} ms; word error rate of the first ${MINUTES_MADE} minutes ${show(100 * rate, 1)} %`,
  );
  print(`words: ${normalizedWords(heard).length} heard of ${rounds * words} said`);
  print(
    `memory: ${show(before.own)} MB before, ${show(most.own)} MB at most, ${show(memory(pid).own)} MB after; ffmpeg ${show(most.children)} MB`,
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await using engine = await startWhisper();
  await using gateway = await startGateway(engine.url);
  if (SHORT > 0) await short(gateway);
  if (HOURS > 0) await long(gateway);
} finally {
  await rm(folder, { recursive: true });
}
