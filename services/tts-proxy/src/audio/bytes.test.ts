import { describe, expect, it } from 'vitest';
import { SampleReader, toBytes } from './pcm.ts';
import { streamingWavHeader, WavReader } from './wav.ts';

const samples = Int16Array.from([0, 1, -1, 32_767, -32_768, 300, -300]);

describe('SampleReader', () => {
  it.each([1, 2, 3, 5, 13])('reads the same samples from pieces of %i bytes', (size) => {
    const bytes = toBytes(samples);
    const reader = new SampleReader();
    const read: number[] = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
    expect(read).toEqual([...samples]);
  });

  it('survives an empty piece between two halves of a sample', () => {
    const reader = new SampleReader();
    expect([...reader.push(Uint8Array.of(0x34))]).toEqual([]);
    expect([...reader.push(new Uint8Array())]).toEqual([]);
    expect([...reader.push(Uint8Array.of(0x12, 0x99))]).toEqual([0x12_34]);
  });
});

describe('WAV framing', () => {
  it('writes a header without a length that its own reader takes off, byte by byte', () => {
    const file = Buffer.concat([streamingWavHeader(22_050), toBytes(samples)]);
    const reader = new WavReader();
    const audio = Buffer.concat([...file].map((byte) => Buffer.from(reader.push(Uint8Array.of(byte)))));
    expect(reader.sampleRateHz).toBe(22_050);
    expect(audio).toEqual(toBytes(samples));
  });

  it('passes over chunks before the audio', () => {
    const header = streamingWavHeader(24_000);
    const list = Buffer.from('LIST\u0003\u0000\u0000\u0000abc\u0000', 'latin1');
    const reader = new WavReader();
    const audio = reader.push(Buffer.concat([header.subarray(0, 36), list, header.subarray(36), toBytes(samples)]));
    expect(Buffer.from(audio)).toEqual(toBytes(samples));
  });

  it('refuses what is not 16-bit mono WAV', () => {
    const stereo = streamingWavHeader(24_000);
    stereo.writeUInt16LE(2, 22);
    for (const bytes of [Buffer.from('<html><body>not audio</body></html>'), stereo])
      expect(() => new WavReader().push(bytes)).toThrow(/16-bit mono/);
  });
});
