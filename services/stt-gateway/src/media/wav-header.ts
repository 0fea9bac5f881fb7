/** Where the samples of a plain WAV file lie. */
export interface WavLayout {
  readonly rateHz: number;
  readonly channels: number;
  /** Position of the first sample, bytes. */
  readonly from: number;
  /** Position after the last one, bytes. */
  readonly to: number;
}

const PCM = 1;
const EXTENSIBLE = 0xff_fe;
/** Written by programs that did not know the length when they began. */
const UNKNOWN_LENGTHS = new Set([0, 0x7f_ff_ff_ff, 0xff_ff_ff_ff]);

/**
 * Understands WAV files of 16-bit samples, which most clients send; undefined for everything else, which is ffmpeg's.
 *
 * @param head the first bytes of the file; chunks before the samples must lie within
 * @param size of the whole file, bytes
 */
export function readWavHeader(head: Buffer, size: number): WavLayout | undefined {
  if (head.length < 12 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE')
    return undefined;
  let format: { rateHz: number; channels: number } | undefined;
  for (let at = 12; at + 8 <= head.length;) {
    const name = head.toString('latin1', at, at + 4);
    const length = head.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'data') {
      if (!format) return undefined;
      const rest = size - body;
      const bytes = UNKNOWN_LENGTHS.has(length) ? rest : Math.min(length, rest);
      return { ...format, from: body, to: body + bytes - (bytes % (2 * format.channels)) };
    }
    if (name === 'fmt ') {
      format = readFormat(head.subarray(body, body + length));
      if (!format) return undefined;
    }
    at = body + length + (length % 2);
  }
  return undefined;
}

function readFormat(chunk: Buffer): { rateHz: number; channels: number } | undefined {
  if (chunk.length < 16) return undefined;
  const tag = chunk.readUInt16LE(0);
  const kind = tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag;
  const channels = chunk.readUInt16LE(2);
  if (kind !== PCM || chunk.readUInt16LE(14) !== 16 || channels < 1 || channels > 2) return undefined;
  return { rateHz: chunk.readUInt32LE(4), channels };
}
