import { expect, test } from 'vitest';
import { readWavHeader } from './wav-header.ts';

interface Shape {
  readonly tag?: number;
  readonly bits?: number;
  readonly channels?: number;
  readonly dataLength?: number;
  readonly before?: Buffer;
}

function header({
  tag = 1,
  bits = 16,
  channels = 1,
  dataLength = 1_000,
  before = Buffer.alloc(0),
}: Shape = {}): Buffer {
  const format = Buffer.alloc(24);
  format.write('fmt ', 0, 'latin1');
  format.writeUInt32LE(16, 4);
  format.writeUInt16LE(tag, 8);
  format.writeUInt16LE(channels, 10);
  format.writeUInt32LE(44_100, 12);
  format.writeUInt16LE(bits, 22);
  const data = Buffer.alloc(8);
  data.write('data', 0, 'latin1');
  data.writeUInt32LE(dataLength, 4);
  return Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'), format, before, data]);
}

test('the samples of a plain file lie after its header', () => {
  expect(readWavHeader(header(), 1_044)).toEqual({ rateHz: 44_100, channels: 1, from: 44, to: 1_044 });
});

test('chunks before the samples are passed over, those of an odd length with their padding', () => {
  const list = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
  expect(readWavHeader(header({ before: list }), 2_000)).toMatchObject({ from: 56, to: 1_056 });
});

test('a length that is not known or not true ends with the file, at a whole frame', () => {
  for (const dataLength of [0, 0xff_ff_ff_ff, 5_000])
    expect(readWavHeader(header({ dataLength, channels: 2 }), 1_047), String(dataLength)).toMatchObject({
      channels: 2,
      to: 1_044,
    });
});

test('everything else is left to ffmpeg', () => {
  expect(readWavHeader(header({ tag: 3, bits: 32 }), 1_044)).toBeUndefined();
  expect(readWavHeader(header({ bits: 24 }), 1_044)).toBeUndefined();
  expect(readWavHeader(header({ channels: 6 }), 1_044)).toBeUndefined();
  expect(readWavHeader(Buffer.from('OggS'), 4)).toBeUndefined();
  expect(readWavHeader(header().subarray(0, 30), 30)).toBeUndefined();
  const endless = Buffer.from('LIST\xff\xff\xff\xff', 'latin1');
  expect(readWavHeader(header({ before: endless }), 2_000)).toBeUndefined();
});
