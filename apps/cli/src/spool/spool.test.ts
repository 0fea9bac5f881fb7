import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@eloquence/testkit/seeded-random';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FRAME_MS, FRAME_SAMPLES, type Frame } from '../capture/source.ts';
import { flacCodec } from './flac.ts';
import { BYTES_PER_MS } from './segment.ts';
import { Spool } from './spool.ts';

const START_MS = 1_763_740_000_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eloquence-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const frame = (n: number, pcm = samples(n)): Frame => ({ pcm, atMs: START_MS + n * FRAME_MS, filled: false });

/** A frame that tells which one it is. */
function samples(n: number): Int16Array {
  return Int16Array.from(
    { length: FRAME_SAMPLES },
    (_, index) => Math.round(8_000 * Math.sin(n + index / 9)) + (n % 97),
  );
}

const openSpool = (maxBytes = 100_000_000) => Spool.open({ folder, maxBytes });

/** Everything of `them`, in order. */
async function soundOf(spool: Spool): Promise<Int16Array> {
  const parts = [];
  for (const segment of spool.segments().filter(({ source }) => source === 'them'))
    parts.push(await spool.read(segment));
  return Int16Array.from(parts.flatMap((part) => [...part]));
}

function expected(from: number, to: number): Int16Array {
  return Int16Array.from(Array.from({ length: to - from }, (_, n) => [...samples(from + n)]).flat());
}

test('FLAC gives back every sample, of noise, tones, silence and odd lengths', async () => {
  const codec = await flacCodec();
  const random = seededRandom(7);
  const sounds = [
    Int16Array.from({ length: 160_000 }, () => Math.floor(random() * 65_536) - 32_768),
    Int16Array.from({ length: 160_000 }, (_, n) => Math.round(32_767 * Math.sin(n / 20))),
    new Int16Array(160_000),
    Int16Array.from({ length: 4_801 }, (_, n) => n),
    Int16Array.of(1),
    new Int16Array(0),
  ];
  for (const sound of sounds) expect(codec.decode(codec.encode(sound))).toEqual(sound);
  expect(codec.encode(new Int16Array(160_000)).length).toBeLessThan(2_000);
  expect(() => codec.decode(codec.encode(sounds[1]!).subarray(0, 9_000))).toThrow(/FLAC/);
});

test('what is appended is on disk in segments of 10 s, compressed, and comes back sample by sample', async () => {
  const spool = await openSpool();
  spool.startRun(START_MS);
  for (let n = 0; n < 1_250; n += 1) spool.append('them', frame(n));
  spool.rotate();
  await waitFor(() => spool.segments().every(({ form }) => form === 'flac'), { what: 'compression' });
  expect(spool.segments().map(({ startMs, durationMs }) => [startMs - START_MS, durationMs])).toEqual([
    [0, 10_000],
    [10_000, 10_000],
    [20_000, 5_000],
  ]);
  expect(await soundOf(spool)).toEqual(expected(0, 1_250));
  expect(spool.bytes).toBeLessThan(25_000 * BYTES_PER_MS);
  const files = await readdir(join(folder, String(START_MS)));
  expect(files.toSorted()).toEqual([
    `them-${START_MS}-10000.flac`,
    `them-${START_MS + 10_000}-10000.flac`,
    `them-${START_MS + 20_000}-5000.flac`,
  ]);
});

test('a hole in the times starts a new segment; a corrected time does not', async () => {
  const spool = await openSpool();
  spool.startRun(START_MS);
  spool.append('me', frame(0));
  spool.append('me', { ...frame(1), atMs: START_MS + 90 });
  spool.append('me', frame(500));
  expect(spool.segments().map(({ startMs }) => startMs - START_MS)).toEqual([0, 10_000]);
});

test('another process finds everything, knows the clock of each run, and removes what was heard', async () => {
  const first = await openSpool();
  const run = first.startRun(START_MS);
  await first.setClock(run, { session_started_ms: START_MS - 5_000, accuracy_ms: 3 });
  for (let n = 0; n < 600; n += 1) first.append('them', frame(n));
  await waitFor(() => first.segments()[0]?.form === 'flac', { what: 'compression' });
  // As a crash leaves it: the second segment is raw, and half a file of a compression lies about.
  await writeFile(join(folder, String(run), `them-${START_MS + 10_000}-2000.flac.tmp`), 'half');
  const second = await openSpool();
  expect(second.clockOf(run)).toEqual({ session_started_ms: START_MS - 5_000, accuracy_ms: 3 });
  expect(second.segments().map(({ form, durationMs }) => [form, durationMs])).toEqual([
    ['flac', 10_000],
    ['raw', 2_000],
  ]);
  expect(await soundOf(second)).toEqual(expected(0, 600));
  for (const segment of second.segments()) await second.remove(segment);
  expect(second.bytes).toBe(0);
  await second.close();
  await expect(readdir(folder)).rejects.toThrow(/ENOENT/);
});

test('killed between compressing and removing the raw samples, nothing is there twice', async () => {
  const spool = await openSpool();
  spool.startRun(START_MS);
  for (let n = 0; n < 500; n += 1) spool.append('them', frame(n));
  await waitFor(() => spool.segments()[0]?.form === 'flac', { what: 'compression' });
  const raw = expected(0, 500);
  await writeFile(join(folder, String(START_MS), `them-${START_MS}.pcm`), Buffer.from(raw.buffer));
  const again = await openSpool();
  expect(again.segments()).toHaveLength(1);
  expect(again.bytes).toBe(spool.bytes);
  expect(await soundOf(again)).toEqual(raw);
});

test('a full spool refuses the newest sound, says so, and takes sound again once there is room', async () => {
  const spool = await openSpool(64_000);
  spool.startRun(START_MS);
  const kept = Array.from({ length: 150 }, (_, n) => spool.append('them', frame(n)));
  expect(kept.indexOf(false)).toBe(100);
  expect(spool.full).toBe(true);
  expect(spool.refusedMs).toBe(50 * FRAME_MS);
  expect(await soundOf(spool)).toEqual(expected(0, 100));
  await spool.remove(spool.segments()[0]!);
  expect(spool.append('them', frame(200))).toBe(true);
  expect(spool.full).toBe(false);
});

test.skipIf(!existsSync('/dev/full'))('what a full disk did not take is no sound, and is told as lost', async () => {
  const spool = await openSpool();
  spool.startRun(START_MS);
  // The device on which every write fails for want of space.
  for (const startMs of [START_MS, START_MS + 200])
    await symlink('/dev/full', join(folder, String(START_MS), `them-${startMs}.pcm`));
  const kept = Array.from({ length: 20 }, (_, n) => spool.append('them', frame(n)));
  expect(kept.flatMap((is, n) => (is ? [] : [n]))).toEqual([9, 19]);
  expect(spool.full).toBe(true);
  for (let n = 20; n < 50; n += 1) spool.append('them', frame(n));
  expect(spool.full).toBe(false);
  expect(spool.refusedMs).toBe(400);
  expect(spool.takeLost(START_MS + 400)).toEqual([]);
  expect(spool.takeLost(START_MS + 401)).toEqual([{ source: 'them', startMs: START_MS, endMs: START_MS + 400 }]);
  expect(spool.takeLost(Infinity)).toEqual([]);
  expect(spool.segments().map(({ startMs, durationMs }) => [startMs - START_MS, durationMs])).toEqual([[400, 600]]);
  expect(await soundOf(spool)).toEqual(expected(20, 50));
  expect(spool.bytes).toBe(600 * BYTES_PER_MS);
});

test('kill -9 of the process that writes loses less than a second', { timeout: 20_000 }, async () => {
  const script = join(folder, 'writer.ts');
  const out = join(folder, 'spool');
  await writeFile(
    script,
    `import { Spool } from ${JSON.stringify(new URL('spool.ts', import.meta.url).href)};
     const spool = await Spool.open({ folder: ${JSON.stringify(out)}, maxBytes: 1e9 });
     spool.startRun(${START_MS});
     let n = 0;
     setInterval(() => {
       spool.append('them', { pcm: new Int16Array(320).fill(n % 30_000), atMs: ${START_MS} + 20 * n, filled: false });
       n += 1;
       process.stdout.write(n + '\\n');
     }, 20);`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let written = '';
  child.stdout.on('data', (chunk: Buffer) => (written += chunk.toString()));
  await waitFor(() => written.split('\n').length > 80, { what: 'sound', timeoutMs: 15_000 });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const count = Number(written.trim().split('\n').at(-1));
  const spool = await Spool.open({ folder: out, maxBytes: 1e9 });
  const [segment] = spool.segments();
  expect(segment!.durationMs).toBeGreaterThan(count * FRAME_MS - 1_000);
  const sound = await spool.read(segment!);
  expect(sound.every((sample, index) => sample === Math.floor(index / FRAME_SAMPLES) % 30_000)).toBe(true);
});

test('files that are not ours are left alone', async () => {
  await writeFile(join(folder, 'notes.txt'), 'mine');
  const spool = await openSpool();
  spool.startRun(START_MS);
  await spool.close();
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
});

test('a segment is read whole while it is being compressed', async () => {
  const spool = await openSpool();
  spool.startRun(START_MS);
  for (let n = 0; n < 400; n += 1) spool.append('them', frame(n));
  spool.rotate();
  const [raw] = spool.segments();
  expect(raw?.form).toBe('raw');
  const reads = await Promise.all(Array.from({ length: 20 }, () => spool.read(raw!)));
  for (const read of reads) expect(read).toEqual(expected(0, 400));
  expect(spool.segments()[0]?.form).toBe('flac');
});
