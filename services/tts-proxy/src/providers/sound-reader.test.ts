import { tone } from '@eloquence/testkit/vendors/tone';
import { floatBytes, wavBytes } from '@eloquence/testkit/vendors/wav-bytes';
import { describe, expect, it } from 'vitest';
import { SoundReader, type RawSound } from './sound-reader.ts';

const PCM: RawSound = { encoding: 's16', sampleRateHz: 24_000 };
const UNKNOWN: RawSound = { encoding: 'unknown', sampleRateHz: 24_000 };
const voice = tone({ seconds: 0.05, leadingSilenceS: 0.02 });
const samplesOf = (bytes: Buffer) => [...new Int16Array(Uint8Array.from(bytes).buffer)];

/** What a reader makes of bytes that come in pieces of a size. */
function read(bytes: Buffer, raw: RawSound, size = bytes.length): number[] {
  const reader = new SoundReader('The peer', raw);
  const samples: number[] = [];
  for (let at = 0; at < bytes.length; at += size) samples.push(...reader.push(bytes.subarray(at, at + size)));
  return [...samples, ...reader.flush()];
}

describe('SoundReader', () => {
  const answers: [string, Buffer, RawSound][] = [
    ['raw 16-bit', voice, PCM],
    ['raw 16-bit of a server that says nothing', voice, UNKNOWN],
    ['raw float', floatBytes(voice), { ...PCM, encoding: 'f32' }],
    ['raw float of a server that says nothing', floatBytes(voice), UNKNOWN],
    ['WAV', wavBytes(voice, { sampleRateHz: 24_000 }), PCM],
    ['WAV of floats', wavBytes(voice, { sampleRateHz: 24_000, isFloat: true }), PCM],
    ['WAV in stereo', wavBytes(voice, { sampleRateHz: 24_000, channels: 2 }), PCM],
    ['WAV whose writer did not know its length', wavBytes(voice, { sampleRateHz: 24_000, isStreamed: true }), PCM],
    ['WAV with titles around the sound', wavBytes(voice, { sampleRateHz: 24_000, isDecorated: true }), PCM],
    [
      'decorated WAV of stereo floats',
      wavBytes(voice, { sampleRateHz: 24_000, isDecorated: true, isFloat: true, channels: 2 }),
      PCM,
    ],
  ];
  it.each(answers)('gives the samples of %s, cut anywhere', (_name, bytes, raw) => {
    for (const size of [1, 2, 3, 5, 7, 13, 1_001, bytes.length])
      expect(read(bytes, raw, size)).toEqual(samplesOf(voice));
  });

  it.each([8_000, 16_000, 22_050, 44_100, 48_000])('brings %i Hz to 24 kHz, cut anywhere', (sampleRateHz) => {
    const bytes = wavBytes(tone({ seconds: 0.2, sampleRateHz }), { sampleRateHz });
    const whole = read(bytes, PCM);
    expect(whole).toHaveLength(4_800);
    expect(read(bytes, PCM, 777)).toEqual(whole);
    const crossings = whole.filter((sample, index) => sample >= 0 && (whole[index - 1] ?? 0) < 0).length;
    expect(crossings / 0.2).toBeCloseTo(440, -2);
  });

  it('takes loud 16-bit sound for what it is, whatever its floats would be', () => {
    for (const level of [0.01, 0.1, 0.4, 0.7, 1]) {
      const loud = tone({ seconds: 0.1, level, frequencyHz: 40 });
      expect(read(loud, UNKNOWN)).toEqual(samplesOf(loud));
    }
  });

  it('clips floats beyond full scale instead of wrapping round, and makes silence of what is no number', () => {
    const floats = Buffer.alloc(12);
    for (const [index, value] of [1.4, -1.4, Number.NaN].entries()) floats.writeFloatLE(value, index * 4);
    expect(read(floats, { ...PCM, encoding: 'f32' })).toEqual([32_767, -32_767, 0]);
  });

  it.each([
    ['a page', Buffer.from('<html><body>Welcome to the hotel</body></html>')],
    ['an event stream', Buffer.from('data: {"never": closed\n\n')],
    ['a word', Buffer.from('error')],
    ['Ogg', Buffer.from('OggS\u0000\u0002\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000', 'latin1')],
    ['MP3 with a title', Buffer.from('ID3\u0004\u0000\u0000\u0000\u0000\u0000\u0023TSSE', 'latin1')],
  ])('refuses %s', (_name, bytes) => {
    for (const size of [1, bytes.length])
      expect(() => read(bytes, PCM, size)).toThrow('The peer answered with something');
  });

  it('refuses a WAV it cannot read', () => {
    const compressed = wavBytes(voice, { sampleRateHz: 24_000 });
    compressed.writeUInt16LE(6, 20);
    expect(() => read(compressed, PCM)).toThrow(/kind of WAV/);
    const absurd = wavBytes(voice, { sampleRateHz: 1 });
    expect(() => read(absurd, PCM)).toThrow(/1 Hz/);
  });

  it('tells an empty answer and one that is shorter than its header says', () => {
    const wav = wavBytes(voice, { sampleRateHz: 24_000 });
    for (const bytes of [Buffer.alloc(0), wavBytes(Buffer.alloc(0), { sampleRateHz: 24_000, isStreamed: true })])
      expect(() => read(bytes, PCM)).toThrow('The peer gave an empty answer.');
    expect(() => read(wav.subarray(0, 500), PCM)).toThrow('The peer broke off in the middle.');
    expect(() => read(wav.subarray(0, 20), PCM)).toThrow('The peer broke off in the middle.');
  });
});
