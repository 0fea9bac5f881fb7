import { spawnSync } from 'node:child_process';
import { findProgram } from '@eloquence/testkit/processes';
import { describe, expect, it } from 'vitest';
import { toALaw, toMuLaw } from './g711.ts';
import { SampleReader, toBytes } from './pcm.ts';

const everySample = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);

function ffmpeg(input: Buffer, from: readonly string[], to: readonly string[]): Buffer {
  const args = ['-loglevel', 'error', ...from, '-ar', '8000', '-ac', '1', '-i', 'pipe:0', ...to, 'pipe:1'];
  return spawnSync(findProgram('ffmpeg'), args, { input, maxBuffer: 10_000_000 }).stdout;
}

const decoded = (bytes: Buffer, name: string) =>
  new SampleReader().push(ffmpeg(bytes, ['-f', name], ['-f', 's16le', '-c:a', 'pcm_s16le']));

describe.each([
  // The last column: the codes keep 14 and 13 bits of a sample, so that one in the middle between two may be either.
  ['mulaw', toMuLaw, 8],
  ['alaw', toALaw, 32],
] as const)('%s', (name, encode, tie) => {
  it('comes as near to every sample as ffmpeg does', () => {
    const theirs = decoded(ffmpeg(toBytes(everySample), ['-f', 's16le'], ['-f', name]), name);
    const ours = decoded(encode(everySample), name);
    const missed = (samples: Int16Array, at: number) => Math.abs((samples[at] as number) - (everySample[at] as number));
    const worse = everySample.filter((_, at) => missed(ours, at) > missed(theirs, at) + tie);
    expect([...worse]).toEqual([]);
  });

  it('gives the bytes ffmpeg gives but for samples between two codes', () => {
    const theirs = ffmpeg(toBytes(everySample), ['-f', 's16le'], ['-f', name]);
    const ours = encode(everySample);
    expect(ours).toHaveLength(65_536);
    const others = ours.filter((code, at) => code !== theirs[at]).length;
    expect(others / 65_536).toBeLessThan(0.02);
  });
});
