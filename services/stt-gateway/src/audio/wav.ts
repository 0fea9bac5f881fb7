import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';

const HEADER_BYTES = 44;
const BYTES_PER_SAMPLE = 2;

/** 16 kHz mono samples as a WAV file, for engines that take files only. */
export function wavOf(pcm: Int16Array): Buffer<ArrayBuffer> {
  const dataBytes = pcm.length * BYTES_PER_SAMPLE;
  const bytes = Buffer.alloc(HEADER_BYTES + dataBytes);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  // Format 1 = PCM, one channel.
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(STT_SAMPLE_RATE_HZ, 24);
  bytes.writeUInt32LE(STT_SAMPLE_RATE_HZ * BYTES_PER_SAMPLE, 28);
  bytes.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  bytes.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(dataBytes, 40);
  bytes.set(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength), HEADER_BYTES);
  return bytes;
}
