import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@eloquence/testkit/processes';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { writeWav } from '@eloquence/testkit/wav';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClipSetError, readClipSet } from './clip-set.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clip-set-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (clips?: number) => readClipSet({ set: folder, clips, voices: [], noiseDb: undefined });
const put = (name: string, text: string, pcm: Int16Array) => {
  writeWav(join(folder, `${name}.wav`), [pcm]);
  writeFileSync(join(folder, `${name}.txt`), text);
};
const convert = (from: string, to: string) =>
  execFileSync(findProgram('ffmpeg'), ['-v', 'error', '-i', join(folder, from), join(folder, to)]);

test('wav, flac and mp3 are read at 16 kHz with their texts', async () => {
  const pcm = await synthesize('bonjour madame');
  put('one', '\uFEFFBonjour,\r\nmadame !\r\n', pcm);
  put('two', 'bonjour madame', pcm);
  convert('two.wav', 'two.flac');
  rmSync(join(folder, 'two.wav'));
  put('three', 'bonjour madame', pcm);
  convert('three.wav', 'three.mp3');
  rmSync(join(folder, 'three.wav'));
  const { clips } = await read();
  expect(clips.map(({ name, text }) => [name, text])).toEqual([
    ['one.wav', 'Bonjour, madame !'],
    ['three.mp3', 'bonjour madame'],
    ['two.flac', 'bonjour madame'],
  ]);
  const [wav, mp3, flac] = clips;
  expect(wav?.pcm).toEqual(pcm);
  expect(flac?.pcm).toEqual(pcm);
  expect(mp3?.speechEndMs).toBeCloseTo(wav?.speechEndMs ?? 0, -2);
  expect((await read(1)).clips.map(({ name }) => name)).toEqual(['one.wav']);
});

test('recordings that are none, empty or silent are named, each with its fix', async () => {
  writeFileSync(join(folder, 'broken.mp3'), 'this is no music');
  writeFileSync(join(folder, 'broken.txt'), 'bonjour');
  put('empty', 'bonjour', new Int16Array(0));
  put('silent', 'bonjour', new Int16Array(16_000));
  const error = await read().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ClipSetError);
  const { message } = error as Error;
  expect(message).toMatch(/broken\.mp3 cannot be read as audio \(.+\): convert it to WAV/);
  expect(message).toMatch(/empty\.wav (is empty|cannot be read)/);
  expect(message).toMatch(/silent\.wav is silent/);
});
