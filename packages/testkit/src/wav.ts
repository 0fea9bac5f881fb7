import { readFileSync, writeFileSync } from 'node:fs';
import { resample } from './resample.ts';
import { SAMPLE_RATE_HZ } from './waveform.ts';

const HEADER_BYTES = 44;

/** Writes a file of {@link encodeWav}. */
export function writeWav(path: string, channels: readonly Int16Array[], sampleRateHz = SAMPLE_RATE_HZ): void {
  writeFileSync(path, encodeWav(channels, sampleRateHz));
}

/** 16-bit WAV; several channels are interleaved, the shorter ones filled with silence. */
export function encodeWav(channels: readonly Int16Array[], sampleRateHz = SAMPLE_RATE_HZ): Buffer<ArrayBuffer> {
  const frames = Math.max(0, ...channels.map((channel) => channel.length));
  const bytes = Buffer.alloc(HEADER_BYTES + frames * channels.length * 2);
  const blockAlign = channels.length * 2;
  bytes.write('RIFF', 0, 'ascii');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'ascii');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels.length, 22);
  bytes.writeUInt32LE(sampleRateHz, 24);
  bytes.writeUInt32LE(sampleRateHz * blockAlign, 28);
  bytes.writeUInt16LE(blockAlign, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'ascii');
  bytes.writeUInt32LE(frames * blockAlign, 40);
  for (const [channel, samples] of channels.entries()) {
    for (const [frame, sample] of samples.entries()) {
      bytes.writeInt16LE(sample, HEADER_BYTES + frame * blockAlign + channel * 2);
    }
  }
  return bytes;
}

/**
 * 16-bit PCM of a WAV file as mono at 16 kHz. A data size that runs past the end (streaming writers put the maximum) means
 * "to the end".
 *
 * @throws Error naming the file when it is not 16-bit PCM
 */
export function readWav(path: string): Int16Array {
  return parseWav(readFileSync(path), path);
}

/** {@link readWav} for bytes already in memory. */
export function parseWav(bytes: Buffer, name = 'the recording'): Int16Array {
  if (bytes.toString('ascii', 0, 4) !== 'RIFF') throw new Error(`${name} is not a WAV file.`);
  let format: { channels: number; sampleRateHz: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = bytes.toString('ascii', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (id === 'fmt ') {
      if (bytes.readUInt16LE(at + 8) !== 1 || bytes.readUInt16LE(at + 22) !== 16)
        throw new Error(`${name}: only 16-bit PCM can be read.`);
      format = { channels: bytes.readUInt16LE(at + 10), sampleRateHz: bytes.readUInt32LE(at + 12) };
    }
    if (id === 'data' && format) {
      const data = bytes.subarray(at + 8, Math.min(bytes.length, at + 8 + size));
      return resample(toMono(data, format.channels), format.sampleRateHz, SAMPLE_RATE_HZ);
    }
    at += 8 + size + (size % 2);
  }
  throw new Error(`${name} has no audio data.`);
}

function toMono(data: Buffer, channels: number): Int16Array {
  const frames = Math.floor(data.length / 2 / channels);
  const pcm = new Int16Array(frames);
  for (let frame = 0; frame < frames; frame += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += data.readInt16LE((frame * channels + channel) * 2);
    pcm[frame] = Math.round(sum / channels);
  }
  return pcm;
}
