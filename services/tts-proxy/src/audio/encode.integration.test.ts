import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@eloquence/testkit/processes';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertFormat, encode } from './encode.ts';
import { Ffmpeg } from './ffmpeg.ts';
import { SampleReader } from './pcm.ts';
import { espeakSentence } from '../test-support/test-sounds.ts';

const program = findProgram('ffmpeg');
const voice = espeakSentence('Bonjour madame, votre rendez-vous est fixé au mardi douze mars.');
const folder = mkdtempSync(join(tmpdir(), 'encode-'));
let ffmpeg: Ffmpeg;

beforeAll(async () => {
  ffmpeg = await Ffmpeg.open(program);
});

afterAll(() => {
  ffmpeg.close();
  rmSync(folder, { recursive: true });
});

const never = () => new AbortController().signal;

async function* inPieces(samples: Int16Array, size = 960): AsyncGenerator<Int16Array> {
  for (let at = 0; at < samples.length; at += size) yield samples.subarray(at, at + size);
}

async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of bytes) all.push(piece);
  return Buffer.concat(all);
}

/** A file of bare samples says nothing about itself. */
function inputOptions(format: string): readonly string[] {
  return format === 'pcm' ? ['-f', 's16le', '-ar', '24000', '-ac', '1'] : [];
}

/** As a player hears it: at 24 kHz. */
function decode(file: Buffer, format: string): Int16Array {
  const args = [
    '-loglevel',
    'error',
    ...inputOptions(format),
    '-i',
    'pipe:0',
    '-f',
    's16le',
    '-ar',
    '24000',
    '-ac',
    '1',
    'pipe:1',
  ];
  return new SampleReader().push(spawnSync(program, args, { input: file, maxBuffer: 50_000_000 }).stdout);
}

function probe(file: Buffer, format: string): string {
  const path = join(folder, `probed.${format}`);
  writeFileSync(path, file);
  const shown = 'stream=codec_name,sample_rate,channels:format=format_name';
  const args = [
    '-v',
    'error',
    ...inputOptions(format),
    '-show_entries',
    shown,
    '-of',
    'default=noprint_wrappers=1:nokey=1',
    path,
  ];
  return execFileSync(findProgram('ffprobe'), args).toString().trim().split('\n').join(' ');
}

/** How many samples later the sound is than it was, and how alike the two are (1 = the same). */
function shift(before: Int16Array, after: Int16Array): { readonly lag: number; readonly likeness: number } {
  let best = { lag: 0, likeness: 0 };
  for (let lag = -1_500; lag <= 1_500; lag += 1) {
    let [product, a, b] = [0, 0, 0];
    for (let at = 1_500; at < before.length - 1_500; at += 4) {
      const [x, y] = [before[at] as number, after[at + lag] ?? 0];
      product += x * y;
      a += x * x;
      b += y * y;
    }
    const likeness = product / Math.sqrt(a * b || 1);
    if (likeness > best.likeness) best = { lag, likeness };
  }
  return best;
}

/** Samples that a codec puts before the sound and after it; 1 frame each and its filter's. */
const formats = [
  { format: 'pcm', is: 'pcm_s16le 24000 1 s16le', delay: 0, longer: 0 },
  { format: 'wav', is: 'pcm_s16le 24000 1 wav', delay: 0, longer: 0 },
  { format: 'flac', is: 'flac 24000 1 flac', delay: 0, longer: 0 },
  { format: 'opus', is: 'opus 48000 1 ogg', delay: 2, longer: 2 },
  { format: 'mp3', is: 'mp3 24000 1 mp3', delay: 1_105, longer: 576 + 1_105 },
  { format: 'aac', is: 'aac 24000 1 aac', delay: 1_024, longer: 1_024 + 1_024 },
] as const;

describe.each(formats)('$format', ({ format, is, delay, longer }) => {
  it('holds the whole sentence from its first sample to its last', async () => {
    const file = await collect(encode(inPieces(voice), { format, ffmpeg, signal: never() }));
    expect(probe(file, format)).toBe(is);
    const heard = decode(file, format);
    expect(heard.length).toBeGreaterThanOrEqual(voice.length);
    expect(heard.length - voice.length).toBeLessThanOrEqual(longer);
    const { lag, likeness } = shift(voice, heard);
    expect(Math.abs(lag - delay)).toBeLessThanOrEqual(2);
    expect(likeness).toBeGreaterThan(0.9);
  });

  it('begins before the input has ended, and ends with it', async () => {
    const first = Promise.withResolvers<void>();
    const source = (async function* source() {
      yield* inPieces(voice.subarray(0, 24_000));
      await first.promise;
      yield* inPieces(voice.subarray(24_000));
    })();
    const pieces: Buffer[] = [];
    for await (const piece of encode(source, { format, ffmpeg, signal: never() })) {
      pieces.push(piece);
      if (Buffer.concat(pieces).length > 44) first.resolve();
    }
    const whole = await collect(encode(inPieces(voice), { format, ffmpeg, signal: never() }));
    // Ogg's serial numbers are drawn by lot.
    expect(Buffer.concat(pieces)).toHaveLength(whole.length);
  });
});

/** Its processes that are still there; a killed one may be a zombie for a moment. */
function running(path: string): number[] {
  const listed = spawnSync('ps', ['-eo', 'pid=,stat=,args=']).stdout.toString().split('\n');
  const isIts = new RegExp(`^\\s*\\d+\\s+[^Z]\\S*\\s+${path}`);
  return listed.filter((line) => isIts.test(line)).map((line) => Number.parseInt(line, 10));
}

/** ffmpeg under a name of its own, to count its processes. */
async function ownFfmpeg(name: string): Promise<{ readonly path: string; readonly own: Ffmpeg }> {
  const path = join(folder, name);
  symlinkSync(program, path);
  return { path, own: await Ffmpeg.open(path) };
}

function script(name: string, lines: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('Ffmpeg', () => {
  it('is killed at once by an abort, though nobody reads', async () => {
    const { path, own } = await ownFfmpeg('aborted');
    const abort = new AbortController();
    const bytes = encode(inPieces(voice), { format: 'flac', ffmpeg: own, signal: abort.signal });
    await bytes.next();
    own.close();
    abort.abort(new Error('hung up'));
    await waitFor(() => running(path).length === 0, { timeoutMs: 1_000, what: 'ffmpeg is gone' });
    await expect(collect(bytes)).rejects.toThrow('hung up');
  });

  it('says so when it dies in the middle of a sentence', async () => {
    const lines = '[ "$2" = -encoders ] && echo " A....D libmp3lame x" && exit\nhead -c 100\nexit 3';
    const dying = await Ffmpeg.open(script('dying', lines));
    expect([...dying.formats]).toEqual(['mp3']);
    const bytes = encode(inPieces(voice), { format: 'mp3', ffmpeg: dying, signal: never() });
    const error = { code: 'upstream_failed', message: 'ffmpeg ended with exit code 3.' };
    await expect(collect(bytes)).rejects.toMatchObject(error);
    dying.close();
  });

  it('names the fix for an encoder it does not have', async () => {
    const poor = await Ffmpeg.open(script('poor', 'echo " A....D flac x"'));
    expect(() => assertFormat('aac', poor)).toThrow(
      /"aac" needs an encoder .*apt-get install ffmpeg.*"pcm" or "wav" or "flac"/,
    );
    expect(() => assertFormat('flac', poor)).not.toThrow();
    expect([...(await Ffmpeg.open(join(folder, 'nothing'))).formats]).toEqual([]);
    expect([...ffmpeg.formats]).toEqual(['mp3', 'opus', 'flac', 'aac']);
  });

  it('keeps one spare, starts another when that has died, and lets it go when it closes', async () => {
    const { path, own } = await ownFfmpeg('spared');
    const speak = () => collect(encode(inPieces(voice), { format: 'mp3', ffmpeg: own, signal: never() }));
    for (let index = 0; index < 3; index += 1) await speak();
    await waitFor(() => running(path).length === 1, { what: 'only the spare is there' });
    const [spare = 0] = running(path);
    process.kill(spare, 'SIGKILL');
    await waitFor(() => !existsSync(`/proc/${spare}`), { what: 'the spare is dead and buried' });
    expect((await speak()).length).toBeGreaterThan(1_000);
    own.close();
    await waitFor(() => running(path).length === 0, { what: 'all are gone' });
  });
});
