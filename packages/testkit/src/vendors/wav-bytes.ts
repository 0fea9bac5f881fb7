/** How a WAV is written by a server. */
export interface WavShape {
  readonly sampleRateHz: number;
  /** IEEE float instead of 16-bit integers. */
  readonly isFloat?: boolean;
  readonly channels?: 1 | 2;
  /** Sizes of 0xFFFFFFFF, as who streams writes them. */
  readonly isStreamed?: boolean;
  /** `WAVE_FORMAT_EXTENSIBLE`, and chunks before and behind the sound. */
  readonly isDecorated?: boolean;
}

/** s16le mono samples as a WAV. */
export function wavBytes(samples: Buffer, shape: WavShape): Buffer {
  const { sampleRateHz, isFloat = false, channels = 1, isStreamed = false, isDecorated = false } = shape;
  const sampleBytes = isFloat ? 4 : 2;
  const mono = isFloat ? floatBytes(samples) : samples;
  const sound = channels === 1 ? mono : doubled(mono, sampleBytes);
  const format = Buffer.alloc(isDecorated ? 40 : 16);
  format.writeUInt16LE(isDecorated ? 0xff_fe : isFloat ? 3 : 1, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(sampleRateHz, 4);
  format.writeUInt32LE(sampleRateHz * sampleBytes * channels, 8);
  format.writeUInt16LE(sampleBytes * channels, 12);
  format.writeUInt16LE(sampleBytes * 8, 14);
  if (isDecorated) format.writeUInt16LE(isFloat ? 3 : 1, 24);
  const title = isDecorated ? [chunk('LIST', Buffer.from('INFOISFT\u0004\u0000\u0000\u0000Lavf'))] : [];
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('fmt ', format),
    ...title,
    chunk('data', sound, isStreamed ? 0xff_ff_ff_ff : undefined),
    ...title,
  ]);
  return chunk('RIFF', body, isStreamed ? 0xff_ff_ff_ff : undefined);
}

/** s16le as 32-bit floats, little-endian. */
export function floatBytes(samples: Buffer): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  for (let at = 0; at + 1 < samples.length; at += 2) bytes.writeFloatLE(samples.readInt16LE(at) / 32_767, at * 2);
  return bytes;
}

function doubled(mono: Buffer, sampleBytes: number): Buffer {
  const stereo = Buffer.alloc(mono.length * 2);
  for (let at = 0; at < mono.length; at += sampleBytes) {
    mono.copy(stereo, at * 2, at, at + sampleBytes);
    mono.copy(stereo, at * 2 + sampleBytes, at, at + sampleBytes);
  }
  return stereo;
}

function chunk(name: string, content: Buffer, size = content.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 0, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, content]);
}
