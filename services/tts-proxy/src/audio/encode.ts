import { TTS_SAMPLE_RATE_HZ, type SpeechFormat } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { outputOf } from '../child-output.ts';
import type { EncodedFormat, Ffmpeg } from './ffmpeg.ts';
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

const isNative = (format: SpeechFormat): format is 'pcm' | 'wav' => format === 'pcm' || format === 'wav';

/** @throws AppError `invalid_request` for a format that cannot be made here */
export function assertFormat(format: SpeechFormat, ffmpeg: Ffmpeg | undefined): void {
  if (!isNative(format)) encoderFor(format, ffmpeg);
}

function encoderFor(format: EncodedFormat, ffmpeg: Ffmpeg | undefined): Ffmpeg {
  if (ffmpeg?.formats.has(format)) return ffmpeg;
  const missing = ffmpeg
    ? `needs an encoder that this ffmpeg has not. Install one that has it (Debian's: apt-get install ffmpeg)`
    : 'needs ffmpeg, which is not installed here. Install it (apt-get install ffmpeg)';
  const others = ['"pcm"', '"wav"', ...[...(ffmpeg?.formats ?? [])].map((name) => `"${name}"`)];
  throw new AppError('invalid_request', `response_format "${format}" ${missing}, or ask for ${others.join(' or ')}.`, {
    issues: [{ path: 'body.response_format', message: 'cannot be made here' }],
  });
}

export interface EncodeOptions {
  readonly format: SpeechFormat;
  readonly ffmpeg: Ffmpeg | undefined;
  readonly signal: AbortSignal;
}

/**
 * s16 mono 24 kHz samples as the bytes of a format, as they come.
 *
 * @throws AppError `invalid_request` for a format that cannot be made here, `upstream_failed` when ffmpeg dies; what the
 *   samples throw
 */
export async function* encode(samples: AsyncIterable<Int16Array>, options: EncodeOptions): AsyncGenerator<Buffer> {
  const { format, ffmpeg, signal } = options;
  if (isNative(format)) {
    if (format === 'wav') yield streamingWavHeader(TTS_SAMPLE_RATE_HZ);
    for await (const piece of samples) yield toBytes(piece);
    return;
  }
  const encoder = encoderFor(format, ffmpeg);
  signal.throwIfAborted();
  const input = encode(samples, { format: 'pcm', ffmpeg, signal });
  yield* outputOf(encoder.take(format), { peer: 'ffmpeg', input }, signal);
}
