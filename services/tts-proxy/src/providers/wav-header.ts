/** A header longer than this is none. */
const MAX_HEADER_BYTES = 65_536;
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xff_fe;

export type WavHeader =
  | {
      readonly type: 'read';
      readonly encoding: 's16' | 'f32';
      readonly channels: number;
      readonly sampleRateHz: number;
      /** Where the sound begins. */
      readonly audioStart: number;
      /** Length of the sound, when the header can be believed. */
      readonly bytes?: number;
    }
  | { readonly type: 'unfinished' }
  | { readonly type: 'unreadable' };

type Layout = Pick<Extract<WavHeader, { type: 'read' }>, 'encoding' | 'channels' | 'sampleRateHz'>;

/** Reads the chunks of a WAV up to its sound. @param bytes begin with `RIFF….WAVE` */
export function parseWavHeader(bytes: Buffer): WavHeader {
  let layout: Layout | undefined;
  let at = 12;
  while (at + 8 <= bytes.length) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    if (name === 'data') {
      if (!layout) return { type: 'unreadable' };
      // Who streams does not know the length and writes 0, or something huge.
      const isKnown = size > 0 && bytes.readUInt32LE(4) + 8 >= start + size && size < 0x7f_ff_00_00;
      return { type: 'read', ...layout, audioStart: start, ...(isKnown && { bytes: size }) };
    }
    if (start + size > bytes.length) break;
    if (name === 'fmt ') {
      layout = size >= 16 ? parseFormat(bytes.subarray(start, start + size)) : undefined;
      if (!layout) return { type: 'unreadable' };
    }
    at = start + size + (size % 2);
  }
  return { type: bytes.length > MAX_HEADER_BYTES ? 'unreadable' : 'unfinished' };
}

function parseFormat(chunk: Buffer): Layout | undefined {
  const tag = chunk.readUInt16LE(0);
  // The real format is the start of the identifier at the end.
  const format = tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag;
  const channels = chunk.readUInt16LE(2);
  const sampleRateHz = chunk.readUInt32LE(4);
  const bits = chunk.readUInt16LE(14);
  if (channels < 1 || channels > 8) return undefined;
  if (format === PCM && bits === 16) return { encoding: 's16', channels, sampleRateHz };
  if (format === FLOAT && bits === 32) return { encoding: 'f32', channels, sampleRateHz };
  return undefined;
}
