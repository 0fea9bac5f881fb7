import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { Resampler } from '../audio/resampler.ts';
import { parseWavHeader } from './wav-header.ts';

/** How samples lie in the bytes. `unknown`: s16 unless they look like floats, as some servers' pcm is. */
type RawEncoding = 's16' | 'f32' | 'unknown';

export interface RawSound {
  readonly encoding: RawEncoding;
  readonly sampleRateHz: number;
}

/** Told apart by their first bytes, whatever the Content-Type says. */
const SNIFF_BYTES = 12;
/** Floats that must look like sound before bytes are taken as floats. */
const FLOATS_TO_JUDGE = 32;
/** Silence of this length is given out without knowing what it is made of. */
const MAX_UNJUDGED_BYTES = 65_536;

interface Layout {
  readonly encoding: 's16' | 'f32';
  readonly channels: number;
  readonly sampleRateHz: number;
  /** Audio bytes there will be, where that is known. */
  readonly bytes?: number;
}

/**
 * Reads the bytes of a provider's answer, cut anywhere, as s16 mono at 24 kHz. A WAV is read by its own header wherever it
 * comes, because servers give it whatever they are asked for; other bytes as `raw` says.
 */
export class SoundReader {
  readonly #peer: string;
  readonly #raw: RawSound;
  #layout: Layout | undefined;
  #resampler: Resampler | undefined;
  /** Bytes that are not a whole sample yet, or, before the layout is known, not enough to tell. */
  #pending: Buffer = Buffer.alloc(0);
  #audioBytes = 0;
  #samples = 0;

  constructor(peer: string, raw: RawSound) {
    this.#peer = peer;
    this.#raw = raw;
  }

  /** @throws AppError `upstream_failed` when this is no sound, or a kind of WAV that is not read */
  push(bytes: Uint8Array): Int16Array {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#layout ??= this.#recognise(false);
    return this.#layout ? this.#convert(this.#layout) : new Int16Array();
  }

  /**
   * The last samples.
   *
   * @throws AppError `upstream_failed` when there was no sound at all, or less than the WAV's header promised
   */
  flush(): Int16Array {
    this.#layout ??= this.#recognise(true);
    if (!this.#layout) throw this.#failed('gave an empty answer.');
    const samples = this.#convert(this.#layout);
    const isShort = this.#layout.bytes !== undefined && this.#audioBytes < this.#layout.bytes;
    if (isShort) throw this.#failed('broke off in the middle.');
    if (this.#samples === 0) throw this.#failed('gave an empty answer.');
    const tail = this.#resampler?.flush() ?? new Int16Array();
    return tail.length === 0 ? samples : Int16Array.from([...samples, ...tail]);
  }

  /** @param isEnd no more bytes come, so what is there has to do */
  #recognise(isEnd: boolean): Layout | undefined {
    const bytes = this.#pending;
    if (bytes.length < SNIFF_BYTES && !isEnd) return undefined;
    if (bytes.length === 0) return undefined;
    const start = bytes.toString('latin1', 0, SNIFF_BYTES);
    if (start.startsWith('RIFF') && start.endsWith('WAVE')) return this.#readWavHeader(isEnd);
    // Sound holds bytes that no text has, from its first samples on.
    if (/^(?:OggS|fLaC|ID3)|^[\t\n\r\x20-\x7e]+$/.test(start))
      throw this.#failed('answered with something that is not the sound it was asked for.');
    const encoding = this.#raw.encoding === 'unknown' ? judge(bytes, isEnd) : this.#raw.encoding;
    return encoding && this.#begin({ encoding, channels: 1, sampleRateHz: this.#raw.sampleRateHz });
  }

  #readWavHeader(isEnd: boolean): Layout | undefined {
    const header = parseWavHeader(this.#pending);
    if (header.type === 'unreadable') throw this.#failed('answered with a kind of WAV that is not read here.');
    if (header.type === 'unfinished') {
      if (isEnd) throw this.#failed('broke off in the middle.');
      return undefined;
    }
    this.#pending = this.#pending.subarray(header.audioStart);
    return this.#begin(header);
  }

  #begin(layout: Layout): Layout {
    const { sampleRateHz } = layout;
    if (sampleRateHz < 8_000 || sampleRateHz > 96_000) throw this.#failed(`answered with sound at ${sampleRateHz} Hz.`);
    if (sampleRateHz !== TTS_SAMPLE_RATE_HZ) this.#resampler = new Resampler(sampleRateHz, TTS_SAMPLE_RATE_HZ);
    return layout;
  }

  #convert({ encoding, channels, bytes }: Layout): Int16Array {
    const sampleBytes = encoding === 'f32' ? 4 : 2;
    const frameBytes = sampleBytes * channels;
    // Behind the sound of a WAV there may be more: titles, who made it.
    const room = bytes === undefined ? Infinity : bytes - this.#audioBytes;
    const usable = Math.min(this.#pending.length, room);
    const whole = usable - (usable % frameBytes);
    const samples = decode(this.#pending.subarray(0, whole), encoding, channels);
    this.#pending = this.#pending.subarray(whole);
    this.#audioBytes += whole;
    this.#samples += samples.length;
    return this.#resampler ? this.#resampler.push(samples) : samples;
  }

  #failed(what: string): AppError {
    return new AppError('upstream_failed', `${this.#peer} ${what}`);
  }
}

/** Whole frames as samples; several channels are mixed into one. */
function decode(bytes: Buffer, encoding: 's16' | 'f32', channels: number): Int16Array {
  const sampleBytes = encoding === 'f32' ? 4 : 2;
  const samples = new Int16Array(bytes.length / sampleBytes / channels);
  if (encoding === 's16' && channels === 1) {
    for (let index = 0; index < samples.length; index += 1) samples[index] = bytes.readInt16LE(index * 2);
    return samples;
  }
  for (let index = 0; index < samples.length; index += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) {
      const at = (index * channels + channel) * sampleBytes;
      sum += encoding === 'f32' ? toS16(bytes.readFloatLE(at)) : bytes.readInt16LE(at);
    }
    samples[index] = Math.round(sum / channels);
  }
  return samples;
}

function toS16(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.round(Math.max(-1, Math.min(1, value)) * 32_767);
}

/**
 * Whether bytes are floats or 16-bit integers; undefined while there is too little sound to tell. Floats of sound are within
 * ±1 and not absurdly small; pairs of 16-bit samples read as floats are, unless both happen to be loud and of one sign.
 */
function judge(bytes: Buffer, isEnd: boolean): 's16' | 'f32' | undefined {
  let floats = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    if (bytes.readUInt32LE(at) === 0) continue;
    const size = Math.abs(bytes.readFloatLE(at));
    if (!(size >= 2 ** -24 && size <= 1.5)) return 's16';
    floats += 1;
    if (floats === FLOATS_TO_JUDGE) return 'f32';
  }
  return isEnd || bytes.length >= MAX_UNJUDGED_BYTES ? 's16' : undefined;
}
