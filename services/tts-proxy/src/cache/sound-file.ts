import { crc32 } from 'node:zlib';

/** `EQSPEECH`, id (32 bytes), samples' bytes (u32), their CRC-32 (u32), rest 0. */
export const HEADER_BYTES = 64;
const MAGIC = 'EQSPEECH1';
const ID_AT = 16;
const LENGTH_AT = 48;
const CRC_AT = 52;

/**
 * A kept phrase as a file: header and samples in this machine's byte order. The id is in it, so that a file under a wrong
 * name is no hit.
 */
export function writeSoundFile(id: string, samples: Int16Array): Buffer {
  const body = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const file = Buffer.allocUnsafeSlow(HEADER_BYTES + body.length).fill(0, 0, HEADER_BYTES);
  file.write(MAGIC, 0, 'latin1');
  file.write(id, ID_AT, 'hex');
  file.writeUInt32LE(body.length, LENGTH_AT);
  file.writeUInt32LE(crc32(body), CRC_AT);
  body.copy(file, HEADER_BYTES);
  return file;
}

/** The samples, in place; undefined for a file that is cut short, altered, or another phrase's. */
export function readSoundFile(id: string, file: Buffer): Int16Array | undefined {
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  if (file.toString('hex', ID_AT, ID_AT + 32) !== id) return undefined;
  const body = file.subarray(HEADER_BYTES);
  if (body.length === 0 || body.length % 2 !== 0 || file.readUInt32LE(LENGTH_AT) !== body.length) return undefined;
  if (crc32(body) !== file.readUInt32LE(CRC_AT)) return undefined;
  return new Int16Array(body.buffer, body.byteOffset, body.length / 2);
}
