import { spawnSync } from 'node:child_process';
import { findProgram } from '@eloquence/testkit/processes';
import { describe, expect, it } from 'vitest';
import { toALaw, toMuLaw } from './g711.ts';
import { SampleReader, toBytes } from './pcm.ts';

function ffmpeg(input: Buffer, from: readonly string[], to: readonly string[]): Buffer {
  const args = ['-loglevel', 'error', ...from, '-ar', '8000', '-ac', '1', '-i', 'pipe:0', ...to, 'pipe:1'];
  return spawnSync(findProgram('ffmpeg'), args, { input, maxBuffer: 10_000_000 }).stdout;
}

const decoded = (bytes: Buffer, name: string) =>
  new SampleReader().push(ffmpeg(bytes, ['-f', name], ['-f', 's16le', '-c:a', 'pcm_s16le']));

describe.each([
  ['mulaw', toMuLaw],
  ['alaw', toALaw],
] as const)('%s', (name, encode) => {
  it('gives back every code that is played', () => {
    const codes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
    const again = decoded(encode(decoded(codes, name)), name);
    expect([...again]).toEqual([...decoded(codes, name)]);
  });

  it('gives the bytes ffmpeg gives, or the next, where a sample lies between two', () => {
    const everySample = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
    const theirs = ffmpeg(toBytes(everySample), ['-f', 's16le'], ['-f', name]);
    const ours = encode(everySample);
    expect(ours).toHaveLength(65_536);
    const others = [...ours.keys()].filter((at) => ours[at] !== theirs[at]);
    expect(others.length / 65_536).toBeLessThan(0.02);
    // With the telephone's inversions taken back, codes count up with loudness.
    const flip = name === 'alaw' ? 85 : 255;
    const apart = others.map((at) => Math.abs(((ours[at] as number) ^ flip) - ((theirs[at] as number) ^ flip)));
    expect(Math.max(...apart)).toBe(1);
  });
});
