import { TTS_SAMPLE_RATE_HZ, type SpeechFormat } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { childOutput } from '../child-output.ts';
import { toBytes } from './pcm.ts';
import { streamingWavHeader } from './wav.ts';

export const contentTypes = {
  pcm: 'audio/pcm',
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  opus: 'audio/ogg; codecs=opus',
  flac: 'audio/flac',
  aac: 'audio/aac',
} as const satisfies Record<SpeechFormat, string>;

/** ffmpeg's words for each format it makes. */
const ffmpegOutputs = {
  mp3: ['-c:a', 'libmp3lame', '-b:a', '64k', '-f', 'mp3'],
  // One Ogg page per 20 ms frame: a page is what a player can start with.
  opus: ['-c:a', 'libopus', '-b:a', '32k', '-application', 'voip', '-page_duration', '20000', '-f', 'ogg'],
  flac: ['-c:a', 'flac', '-f', 'flac'],
  aac: ['-c:a', 'aac', '-b:a', '64k', '-f', 'adts'],
} as const satisfies Partial<Record<SpeechFormat, readonly string[]>>;

const isNative = (format: SpeechFormat): format is 'pcm' | 'wav' => format === 'pcm' || format === 'wav';

/** @throws AppError `invalid_request` for a format that needs ffmpeg when there is none */
export function assertFormat(format: SpeechFormat, ffmpeg: string | undefined): void {
  if (isNative(format) || ffmpeg) return;
  throw new AppError(
    'invalid_request',
    `response_format "${format}" needs ffmpeg, which is not installed here. Install it (apt-get install ffmpeg), or ask for "pcm" or "wav".`,
    { issues: [{ path: 'body.response_format', message: 'needs ffmpeg' }] },
  );
}

export interface EncodeOptions {
  readonly format: SpeechFormat;
  /** Path of ffmpeg. */
  readonly ffmpeg: string | undefined;
  readonly signal: AbortSignal;
}

/** s16 mono 24 kHz samples as the bytes of a format, as they come. */
export async function* encode(samples: AsyncIterable<Int16Array>, options: EncodeOptions): AsyncGenerator<Buffer> {
  const { format, ffmpeg, signal } = options;
  if (isNative(format)) {
    if (format === 'wav') yield streamingWavHeader(TTS_SAMPLE_RATE_HZ);
    for await (const piece of samples) yield toBytes(piece);
    return;
  }
  assertFormat(format, ffmpeg);
  const input = ['-f', 's16le', '-ar', String(TTS_SAMPLE_RATE_HZ), '-ac', '1', '-i', 'pipe:0'];
  // Without these ffmpeg reads 5 s before it writes.
  const quick = ['-probesize', '32', '-analyzeduration', '0', '-fflags', '+nobuffer'];
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'quiet', ...quick, ...input, '-flush_packets', '1'];
  yield* childOutput(
    {
      peer: 'ffmpeg',
      program: ffmpeg as string,
      args: [...args, ...ffmpegOutputs[format], 'pipe:1'],
      input: encode(samples, { format: 'pcm', ffmpeg, signal }),
    },
    signal,
  );
}
