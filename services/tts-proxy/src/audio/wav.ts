import { AppError } from '@eloquence/shared/runtime/errors';

/** A chunk longer than this before `data` is not a header of ours to wait for. */
const MAX_HEADER_BYTES = 4_096;

/**
 * The header of a WAV whose length is not known yet: sizes 0xFFFFFFFF, which players take as "until the end".
 * s16le mono.
 */
export function streamingWavHeader(sampleRateHz: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(0xff_ff_ff_ff, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(0xff_ff_ff_ff, 40);
  return header;
}

/**
 * Takes the header off a streamed WAV. The sizes in it are not believed: a program that writes to a pipe cannot know them.
 *
 * @throws AppError `upstream_failed` when the stream is not s16 mono WAV
 */
export class WavReader {
  #pending: Buffer | undefined = Buffer.alloc(0);
  #sampleRateHz = 0;

  /** 0 until the header has been read. */
  get sampleRateHz(): number {
    return this.#sampleRateHz;
  }

  /** Audio bytes of this chunk. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#pending === undefined) return chunk;
    const bytes = Buffer.concat([this.#pending, chunk]);
    const start = this.#parse(bytes);
    if (start === undefined) {
      if (bytes.length > MAX_HEADER_BYTES) throw notWav();
      this.#pending = bytes;
      return new Uint8Array();
    }
    this.#pending = undefined;
    return bytes.subarray(start);
  }

  /** Offset of the first audio byte, or undefined when more bytes are needed. */
  #parse(bytes: Buffer): number | undefined {
    if (bytes.length < 12) return undefined;
    if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') throw notWav();
    let at = 12;
    while (at + 8 <= bytes.length) {
      const name = bytes.toString('latin1', at, at + 4);
      if (name === 'data') {
        if (this.#sampleRateHz === 0) throw notWav();
        return at + 8;
      }
      const size = bytes.readUInt32LE(at + 4);
      if (at + 8 + size > bytes.length) return undefined;
      if (name === 'fmt ') {
        const [format, channels, bits] = [
          bytes.readUInt16LE(at + 8),
          bytes.readUInt16LE(at + 10),
          bytes.readUInt16LE(at + 22),
        ];
        if (format !== 1 || channels !== 1 || bits !== 16) throw notWav();
        this.#sampleRateHz = bytes.readUInt32LE(at + 12);
      }
      at += 8 + size + (size % 2);
    }
    return undefined;
  }
}

function notWav(): AppError {
  return new AppError('upstream_failed', 'The voice program did not answer with 16-bit mono WAV.');
}
