import { describe, expect, test } from 'vitest';
import { Resampler } from '../audio/resampler.ts';
import { AudioReader, checkRate } from './audio-reader.ts';

const samples = Int16Array.from({ length: 9_600 }, (_, n) => Math.round(12_000 * Math.sin(n / 7) + (n % 31) * 40));
const bytes = Buffer.from(samples.buffer);

function readIn(reader: AudioReader, data: Buffer, size: number): number[] {
  const out: number[] = [];
  for (let offset = 0; offset < data.length; offset += size)
    out.push(...reader.read(data.subarray(offset, offset + size)));
  return [...out, ...reader.flush()];
}

describe('AudioReader', () => {
  test.each([1, 3, 7, 1_001, 20_000])('16 kHz samples survive frames of %i bytes as they are', (size) => {
    const out = readIn(new AudioReader({ encoding: 'linear16', rateHz: 16_000 }), bytes, size);
    expect(Int16Array.from(out)).toEqual(samples);
  });

  test.each([1, 3, 1_001, 20_000])('24 kHz in frames of %i bytes is what the resampler makes of it whole', (size) => {
    const resampler = new Resampler(24_000);
    const whole = [...resampler.push(samples), ...resampler.flush()];
    expect(readIn(new AudioReader({ encoding: 'linear16', rateHz: 24_000 }), bytes, size)).toEqual(whole);
  });

  // Values of ITU-T G.711 (as in its reference implementation), bytes as sent.
  test.each([
    ['mulaw', 0xff, 0],
    ['mulaw', 0x7f, 0],
    ['mulaw', 0x00, -32_124],
    ['mulaw', 0x80, 32_124],
    ['mulaw', 0xd5, 716],
    ['alaw', 0xd5, 8],
    ['alaw', 0x55, -8],
    ['alaw', 0xaa, 32_256],
    ['alaw', 0x2a, -32_256],
  ] as const)('%s %i is %i', (encoding, byte, value) => {
    expect([...new AudioReader({ encoding, rateHz: 16_000 }).read(Uint8Array.of(byte))]).toEqual([value]);
  });

  test.each(['mulaw', 'alaw'] as const)('%s at 8 kHz comes out twice as long', (encoding) => {
    const reader = new AudioReader({ encoding, rateHz: 8_000 });
    const out = reader.read(Buffer.alloc(800, 0xd5)).length + reader.flush().length;
    expect(out).toBe(1_600);
  });

  test('a caller may use its buffer again: half a sample that waits is not in it', () => {
    const reader = new AudioReader({ encoding: 'linear16', rateHz: 16_000 });
    const frame = Buffer.from([0x01, 0x02, 0x03]);
    expect([...reader.read(frame)]).toEqual([0x0201]);
    frame.fill(0xff);
    expect([...reader.read(Buffer.from([0x04]))]).toEqual([0x0403]);
  });

  test('a frame of more than a minute is refused with the fix', () => {
    const reader = new AudioReader({ encoding: 'mulaw', rateHz: 8_000 });
    expect(() => reader.read(Buffer.alloc(530_000))).toThrow(/send smaller ones/);
  });

  test('nothing read, nothing left', () => {
    expect(new AudioReader({ encoding: 'linear16', rateHz: 48_000 }).flush()).toHaveLength(0);
  });
});

test('a rate we have no filter for is refused with those we have', () => {
  expect(() => checkRate(12_345, 'sample_rate')).toThrow(/12345 is not supported: use 8000, 11025/);
});
