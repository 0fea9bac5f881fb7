import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { INPUT_RATES_HZ, Resampler } from '../audio/resampler.ts';
import { ALAW, MULAW } from './g711.ts';

export interface AudioFormat {
  readonly encoding: 'linear16' | 'mulaw' | 'alaw';
  /** One of INPUT_RATES_HZ. */
  readonly rateHz: number;
}

/** As much as a session can hold beside what is being said; less than a second is usual. */
const MAX_FRAME_S = 66;

const NO_BYTES = new Uint8Array(0);

/** Bytes of a wire -> 16 kHz samples, however they are cut into frames, with no array between the two. */
export class AudioReader {
  readonly #format: AudioFormat;
  readonly #resampler: Resampler | undefined;
  /** The first byte of a sample whose second has not come. */
  #carry: Uint8Array = NO_BYTES;
  #begun = false;

  /** @throws RangeError when the rate is not one of INPUT_RATES_HZ */
  constructor(format: AudioFormat) {
    this.#format = format;
    this.#resampler = format.rateHz === STT_SAMPLE_RATE_HZ ? undefined : new Resampler(format.rateHz);
  }

  /**
   * @returns the samples complete by now, in a buffer of their own
   * @throws AppError `invalid_request` when a frame holds more than a minute
   */
  read(bytes: Uint8Array): Int16Array<ArrayBuffer> {
    const { encoding, rateHz } = this.#format;
    const width = encoding === 'linear16' ? 2 : 1;
    if (bytes.length > MAX_FRAME_S * rateHz * width)
      throw new AppError('invalid_request', `A frame holds more than ${MAX_FRAME_S} s of audio: send smaller ones.`);
    this.#begun = true;
    return width === 2 ? this.#readLinear(bytes) : this.#readCompanded(bytes, encoding === 'mulaw' ? MULAW : ALAW);
  }

  /** What the resampler still holds, as if silence followed. */
  flush(): Int16Array<ArrayBuffer> {
    return this.#begun && this.#resampler ? this.#resampler.flush() : new Int16Array(0);
  }

  #readLinear(frame: Uint8Array): Int16Array<ArrayBuffer> {
    const bytes = this.#carry.length === 0 ? frame : Buffer.concat([this.#carry, frame]);
    const count = bytes.length >> 1;
    // A copy: a slice of a Buffer would be a view of memory that the caller uses again.
    this.#carry = 2 * count === bytes.length ? NO_BYTES : new Uint8Array(bytes.subarray(2 * count));
    if (this.#resampler)
      return this.#resampler.feed(count, (into, at, from, length) => {
        for (let index = 0, byte = 2 * from; index < length; index += 1, byte += 2)
          into[at + index] = (((bytes[byte] as number) | ((bytes[byte + 1] as number) << 8)) << 16) >> 16;
      });
    const samples = new Int16Array(count);
    // Int16Array has the byte order of the machine; Node runs on little-endian ones only.
    new Uint8Array(samples.buffer).set(2 * count === bytes.length ? bytes : bytes.subarray(0, 2 * count));
    return samples;
  }

  #readCompanded(bytes: Uint8Array, table: Int16Array): Int16Array<ArrayBuffer> {
    if (this.#resampler)
      return this.#resampler.feed(bytes.length, (into, at, from, length) => {
        for (let index = 0; index < length; index += 1)
          into[at + index] = table[bytes[from + index] as number] as number;
      });
    const samples = new Int16Array(bytes.length);
    for (let index = 0; index < samples.length; index += 1) samples[index] = table[bytes[index] as number] as number;
    return samples;
  }
}

/** @throws AppError `invalid_request` that names the rates there are */
export function checkRate(rateHz: number, parameter: string): void {
  if (INPUT_RATES_HZ.some((known) => known === rateHz)) return;
  throw new AppError('invalid_request', `${parameter} ${rateHz} is not supported: use ${INPUT_RATES_HZ.join(', ')}.`, {
    issues: [{ path: parameter, message: 'is not supported' }],
  });
}
