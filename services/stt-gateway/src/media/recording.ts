import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { INPUT_RATES_HZ, Resampler } from '../audio/resampler.ts';
import { decodeWithFfmpeg, type FfmpegOptions } from './ffmpeg.ts';
import type { MediaType } from './media-type.ts';
import type { TempFile } from './temp-file.ts';
import { readWavHeader, type WavLayout } from './wav-header.ts';

/** Chunks before a WAV file's samples (tags, cue points) are shorter than this, or the file is left to ffmpeg. */
const HEAD_BYTES = 65_536;
const READ_BYTES = 65_536;

/**
 * The sound of a recording as 16 kHz mono samples, piece by piece. 16-bit WAV and bare samples are read here, which is
 * 70 ms quicker than starting ffmpeg; all else is ffmpeg's.
 *
 * @throws AppError `invalid_audio`, `unavailable` (ffmpeg is not installed); the signal's reason when aborted
 */
export async function* readRecording(
  file: TempFile,
  media: MediaType,
  options: FfmpegOptions,
): AsyncGenerator<Int16Array<ArrayBuffer>> {
  const layout = await layoutOf(file, media);
  if (!layout) {
    yield* decodeWithFfmpeg(file.descriptor, media, options);
    return;
  }
  options.onDuration((layout.to - layout.from) / 2 / layout.channels / layout.rateHz);
  const resampler = layout.rateHz === STT_SAMPLE_RATE_HZ ? undefined : new Resampler(layout.rateHz);
  const step = READ_BYTES - (READ_BYTES % (2 * layout.channels));
  for (let at = layout.from; at < layout.to;) {
    options.signal.throwIfAborted();
    const bytes = await file.read(at, Math.min(step, layout.to - at));
    if (bytes.length === 0) break;
    at += bytes.length;
    const samples = mono(bytes, layout.channels);
    yield resampler?.push(samples) ?? samples;
  }
  if (resampler) yield resampler.flush();
}

async function layoutOf(file: TempFile, media: MediaType): Promise<WavLayout | undefined> {
  const layout =
    media.type === 'samples' ? bareLayout(media, file.size) : readWavHeader(await file.read(0, HEAD_BYTES), file.size);
  return layout && INPUT_RATES_HZ.some((rate) => rate === layout.rateHz) ? layout : undefined;
}

function bareLayout(media: Extract<MediaType, { type: 'samples' }>, size: number): WavLayout | undefined {
  const { rateHz, channels, encoding } = media;
  if (size % (2 * channels) !== 0)
    throw new AppError(
      'invalid_audio',
      `${size} bytes are no whole number of 16-bit samples${channels > 1 ? ` of ${channels} channels` : ''}: the recording was cut, or it is no PCM.`,
    );
  return encoding === 's16le' && channels <= 2 ? { rateHz, channels, from: 0, to: size } : undefined;
}

/** A whole number of frames as samples of one channel. */
function mono(bytes: Buffer, channels: number): Int16Array<ArrayBuffer> {
  const out = new Int16Array(bytes.length / 2 / channels);
  for (let index = 0; index < out.length; index += 1) {
    const at = index * 2 * channels;
    out[index] = channels === 1 ? bytes.readInt16LE(at) : (bytes.readInt16LE(at) + bytes.readInt16LE(at + 2)) >> 1;
  }
  return out;
}
